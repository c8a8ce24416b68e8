#include "ptx.h"
#include <cctype>
#include <cstdlib>

namespace tf_standin {
namespace {

// The number after a word, such as 6.4 after ".version"; a negative number if the word is missing.
double number_after(const std::string& text, const std::string& word) {
    std::size_t at = text.find(word);
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + word.size());
}

// The bytes of ".param .align 8 .b8 name[24]" or ".param .u64 name".
std::size_t parameter_bytes(const std::string& declaration) {
    std::size_t bytes = 0, at = 0;
    // The type is the last of the words with a dot that ends in bits: .b8, .u64, .f32.
    while ((at = declaration.find('.', at)) != std::string::npos) {
        char kind = declaration[++at];
        if ((kind == 'b' || kind == 'u' || kind == 's' || kind == 'f') &&
            std::isdigit(static_cast<unsigned char>(declaration[at + 1]))) {
            bytes = static_cast<std::size_t>(std::atoi(declaration.c_str() + at + 1)) / 8;
        }
    }
    std::size_t bracket = declaration.find('[');
    if (bracket != std::string::npos) bytes *= static_cast<std::size_t>(std::atoi(declaration.c_str() + bracket + 1));
    return bytes;
}

} // namespace

Ptx read_ptx(const std::string& text) {
    Ptx ptx;
    double version = number_after(text, ".version ");
    if (version < 0) return ptx;
    ptx.version = static_cast<int>(version * 10 + 0.5);
    ptx.target = static_cast<int>(number_after(text, ".target sm_"));

    const std::string entry = ".entry ";
    for (std::size_t at = text.find(entry); at != std::string::npos; at = text.find(entry, at)) {
        PtxKernel kernel;
        at += entry.size();
        std::size_t open = text.find('(', at), close = text.find(')', open), body = text.find('{', close);
        if (body == std::string::npos) break;
        kernel.name = text.substr(at, open - at);
        while (!kernel.name.empty() && std::isspace(static_cast<unsigned char>(kernel.name.back()))) {
            kernel.name.pop_back();
        }
        const std::string parameters = text.substr(open, close - open), word = ".param";
        for (std::size_t p = parameters.find(word); p != std::string::npos;) {
            std::size_t next = parameters.find(word, p + 1);
            kernel.parameter_bytes.push_back(parameter_bytes(parameters.substr(p, next - p)));
            p = next;
        }
        double threads = number_after(text.substr(close, body - close), ".maxntid ");
        if (threads > 0) kernel.max_threads = static_cast<unsigned>(threads);
        ptx.kernels.push_back(kernel);
        at = body;
    }
    return ptx;
}

int cuda_of_ptx(int version) {
    constexpr int ptx_7_0 = 70, ptx_8_0 = 80, ptx_9_0 = 90;
    if (version >= ptx_9_0) return 13000 + (version - ptx_9_0) * 10;
    if (version >= ptx_8_0) return 12000 + (version - ptx_8_0) * 10;
    if (version >= ptx_7_0) return 11000 + (version - ptx_7_0) * 10;
    return 10000 + (version > 62 ? (version - 63) * 10 : 0); // 6.3 came with CUDA 10.0
}

} // namespace tf_standin
