using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Noise;

/// <summary>(pixel + u)/256 for the bytes of images, in which noise is numbered by image and place.</summary>
internal readonly unsafe struct DequantizeWork(byte* pixels, int* images, long size, NoiseKey key, float* x, Pieces pieces) : IWork
{
    private readonly byte* _pixels = pixels;
    private readonly int* _images = images;
    private readonly long _size = size;
    private readonly NoiseKey _key = key;
    private readonly float* _x = x;
    private readonly Pieces _pieces = pieces;

    public void Run(int piece, int worker)
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        for (long row = firstRow; row < endRow; row++)
        {
            float* x = _x + row * _size;
            byte* pixels = _pixels + row * _size;
            NoiseWords.Write(_key, _key.Offset + (ulong)_images[row] * (ulong)_size + (ulong)start, end - start, (uint*)(x + start));
            for (long i = start; i < end; i++)
            {
                // The sum has up to 32 bits. Where rounding would reach the next pixel, the largest number below it.
                float sum = (float)(pixels[i] + Philox.ToUniform(*(uint*)(x + i))), next = pixels[i] + 1f;
                x[i] = (sum < next ? sum : MathF.BitDecrement(next)) / 256;
            }
        }
    }
}
