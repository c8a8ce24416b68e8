// Numbers of less than 32 bits: bfloat16 in memory, and the precision at which a tensor core multiplies.
#pragma once
#include <cstdint>
#include <cstring>

namespace tf_standin {

enum class ElementType { float32, bfloat16 };

inline std::size_t size_of(ElementType type) { return type == ElementType::float32 ? 4 : 2; }

inline std::uint32_t bits_of(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

inline float float_of(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

// To the nearest bfloat16, ties to even; a NaN stays one.
inline std::uint16_t to_bfloat16(float x) {
    std::uint32_t bits = bits_of(x);
    if (x != x) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float from_bfloat16(std::uint16_t x) { return float_of(static_cast<std::uint32_t>(x) << 16); }

inline float load(const void* data, std::size_t index, ElementType type) {
    return type == ElementType::float32 ? static_cast<const float*>(data)[index]
                                        : from_bfloat16(static_cast<const std::uint16_t*>(data)[index]);
}

inline void store(void* data, std::size_t index, ElementType type, float value) {
    if (type == ElementType::float32) {
        static_cast<float*>(data)[index] = value;
    } else {
        static_cast<std::uint16_t*>(data)[index] = to_bfloat16(value);
    }
}

// What a product's factors are rounded to. TF32 keeps 10 bits behind the point, ties away from 0.
enum class Rounding { none, tf32, bfloat16 };

inline float round_to(float x, Rounding rounding) {
    if (rounding == Rounding::none || x != x) return x;
    if (rounding == Rounding::bfloat16) return from_bfloat16(to_bfloat16(x));
    return float_of((bits_of(x) + 0x1000) & ~0x1fffu);
}

} // namespace tf_standin
