// Random numbers of Philox4x32-10 (Salmon et al. 2011): the same bits as TinyFlow.Tensor/Random/Philox.cs. Value i of a stream
// comes from word i % 4 of block i / 4.
#include "loops.h"
#include "math.h"
#include "quads.h"

struct tf_noise_key {
    tf_u64 seed, stream, offset;
};

struct tf_words {
    tf_u32 at[4];
};

// A block of a stream: the counter is its index and the stream, the key the seed, low words first.
TF_DEVICE tf_words tf_philox(tf_u64 index, const tf_noise_key& key) {
    tf_u32 c0 = (tf_u32)index, c1 = (tf_u32)(index >> 32), c2 = (tf_u32)key.stream, c3 = (tf_u32)(key.stream >> 32);
    tf_u32 k0 = (tf_u32)key.seed, k1 = (tf_u32)(key.seed >> 32);
    TF_UNROLLED
    for (int round = 0; round < 10; ++round) {
        tf_u32 high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        tf_u32 high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }

    return {{c0, c1, c2, c3}};
}

// A word's upper 24 bits as a number on [0, 1).
TF_DEVICE float tf_uniform_of(tf_u32 word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

// Two standard normals from two words (Box and Muller 1958); the first uniform lies on (0, 1].
TF_DEVICE void tf_normals_of(tf_u32 first, tf_u32 second, float* even, float* odd) {
    float radius = tf_sqrt(-2.0f * tf_log((float)((first >> 8) + 1u) * 5.9604644775390625e-8f)), cosine;
    float sine = tf_sincos2pi(tf_uniform_of(second), &cosine);
    *even = radius * cosine;
    *odd = radius * sine;
}

struct tf_noise_args {
    float* y;
    const float* first; // [], the number of the first image, or none.
    tf_i64 count, size; // All values; those of an image, if there is a first one.
    tf_noise_key key;
    int vectors;
};

// A thread for each block that has a value in y: the first and the last may have others too.
template <class Values> TF_DEVICE void tf_noise(const tf_noise_args& a) {
    tf_u64 offset = a.key.offset + (a.first ? (tf_u64)*a.first * (tf_u64)a.size : 0), first = offset / 4;
    tf_i64 skipped = (tf_i64)(offset % 4);
    TF_GRID_STRIDE(round, tf_quads(skipped + a.count)) {
        tf_words words = tf_philox(first + (tf_u64)round, a.key);
        tf_quad values = Values::of(words);
        tf_i64 i = 4 * round - skipped;
        if (a.vectors && skipped == 0) {
            if (a.count - i >= 4) {
                tf_whole::store(a.y + i, values, 4);
            } else {
                tf_part::store(a.y + i, values, a.count - i);
            }
        } else {
            TF_QUAD(j) {
                if (i + j >= 0 && i + j < a.count) a.y[i + j] = values.at[j];
            }
        }
    }
}

struct tf_uniforms {
    TF_DEVICE tf_quad of(const tf_words& words) {
        tf_quad values;
        TF_QUAD(j) values.at[j] = tf_uniform_of(words.at[j]);
        return values;
    }
};

TF_KERNEL(256, tf_uniform, tf_noise_args a) { tf_noise<tf_uniforms>(a); }

struct tf_normals {
    TF_DEVICE tf_quad of(const tf_words& words) {
        tf_quad values;
        tf_normals_of(words.at[0], words.at[1], &values.at[0], &values.at[1]);
        tf_normals_of(words.at[2], words.at[3], &values.at[2], &values.at[3]);
        return values;
    }
};

TF_KERNEL(256, tf_normal, tf_noise_args a) { tf_noise<tf_normals>(a); }

struct tf_dequantize_args {
    const tf_u8* pixels;  // [N, D], or those of the whole set.
    const int* images;    // [N]: their numbers in the set; 0 if the next two say them.
    const float* order;   // Image i is number order[first + i], and lies there in pixels; −1 − number if it is mirrored.
    const float* first;   // []
    const float* draw;    // [], how much further the stream is than the key's, or none.
    float* x;             // [N, D]
    tf_i64 count, size;   // N, D
    tf_i64 width;         // Of a row, which is what is mirrored.
    tf_divisor quads;     // Of an image; the last may be short.
    tf_noise_key key;
    int vectors;          // Then D is a multiple of 4, and pixels begin at one.
};

// Words number, number + 1, … of a stream: of one block, or of two that follow each other.
TF_DEVICE tf_words tf_words_at(tf_u64 number, const tf_noise_key& key) {
    tf_words block = tf_philox(number / 4, key);
    if (number % 4 == 0) return block;
    tf_words next = tf_philox(number / 4 + 1, key);
    tf_u32 words[7] = {block.at[0], block.at[1], block.at[2], block.at[3], next.at[0], next.at[1], next.at[2]};
    // Moved on by 1, by 2 or by both: registers have no index.
    if (number % 2 != 0) {
        for (int j = 0; j < 6; ++j) words[j] = words[j + 1];
    }

    if (number % 4 >= 2) {
        for (int j = 0; j < 4; ++j) words[j] = words[j + 2];
    }

    return {{words[0], words[1], words[2], words[3]}};
}

// (pixel + u)/256. The sum has up to 32 bits: where rounding would reach the next pixel, the largest number below it.
TF_DEVICE float tf_dequantized(tf_u32 pixel, tf_u32 word) {
    float low = (float)pixel, above = low + 1.0f, sum = low + tf_uniform_of(word);
    return (sum < above ? sum : tf_from_bits(tf_bits(above) - 1u)) * 0.00390625f;
}

// Value d of image i has number images[i]·D + d.
TF_KERNEL(256, tf_dequantize, tf_dequantize_args a) {
    tf_noise_key key = a.key;
    if (a.draw) key.stream += (tf_u64)*a.draw;
    TF_GRID_STRIDE(round, a.count * (tf_i64)a.quads.value) {
        tf_u64 quad;
        tf_i64 image = (tf_i64)tf_divide((tf_u64)round, a.quads, &quad), within = 4 * (tf_i64)quad, place = image * a.size + within;
        tf_i64 number = a.images ? a.images[image] : (tf_i64)a.order[(tf_i64)*a.first + image];
        bool mirrored = number < 0;
        if (mirrored) number = -1 - number;
        tf_words words = tf_words_at(key.offset + (tf_u64)number * (tf_u64)a.size + (tf_u64)within, key);
        const tf_u8* from = a.pixels + (a.images ? place : number * a.size + within);
        tf_quad x;
        if (mirrored) {
            TF_QUAD(j) {
                tf_i64 column = (within + j) % a.width;
                x.at[j] = within + j < a.size ? tf_dequantized(from[j + a.width - 1 - 2 * column], words.at[j]) : 0.0f;
            }

            tf_part::store(a.x + place, x, a.size - within);
        } else if (a.vectors) {
            tf_u32 pixels = *(const tf_u32*)from;
            TF_QUAD(j) x.at[j] = tf_dequantized(pixels >> 8 * j & 255u, words.at[j]);
            tf_whole::store(a.x + place, x, 4);
        } else {
            TF_QUAD(j) x.at[j] = within + j < a.size ? tf_dequantized(from[j], words.at[j]) : 0.0f;
            tf_part::store(a.x + place, x, a.size - within);
        }
    }
}
