// All-reduces and broadcasts among threads, and among the ranks of one thread.
#include "test.h"
#include <thread>

namespace tf_test {
namespace {

void threads_add_up_their_numbers() {
    constexpr int ranks = 3, float32 = 7, sum = 0;
    ncclUniqueId id;
    ncclGetUniqueId(&id);
    std::vector<std::vector<float>> results(ranks);
    std::vector<std::thread> threads;
    for (int rank = 0; rank < ranks; ++rank) {
        threads.emplace_back([&, rank] {
            Session s;
            void* communicator;
            ncclCommInitRank(&communicator, ranks, id, rank);
            Address x = s.upload(std::vector<float>(100, static_cast<float>(rank + 1)));
            void* data = pointer(x);
            for (int time = 0; time < 2; ++time) ncclAllReduce(data, data, 100, float32, sum, communicator, s.stream);
            results[rank] = s.download(x, 100);
            ncclBroadcast(data, data, 100, float32, 1, communicator, s.stream);
            s.download(x, 100);
            ncclCommDestroy(communicator);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) check(result[0] == 18 && result[99] == 18, "an all-reduce of three threads");

    // Two ranks of one thread.
    Session a, b;
    void* both[2];
    ncclCommInitAll(both, 2, nullptr);
    Address x = a.upload({1, 2}), y = b.upload({10, 20});
    ncclAllReduce(pointer(x), pointer(x), 2, float32, sum, both[0], a.stream);
    ncclAllReduce(pointer(y), pointer(y), 2, float32, sum, both[1], b.stream);
    check(a.download(x, 2)[1] == 22 && b.download(y, 2)[0] == 11, "an all-reduce of one thread's two ranks");
    ncclAllReduce(pointer(x), pointer(x), 2, float32, sum, both[0], a.stream);
    ncclAllReduce(pointer(y), pointer(y), 1, float32, sum, both[1], b.stream);
    check_equal(cuStreamSynchronize(a.stream), 719, "ranks that do not agree");
    tf_standin_reset();
    ncclCommDestroy(both[0]);
    ncclCommDestroy(both[1]);
}

} // namespace

void test_nccl() { threads_add_up_their_numbers(); }

} // namespace tf_test
