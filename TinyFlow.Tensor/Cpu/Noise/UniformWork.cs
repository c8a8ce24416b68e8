using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Noise;

/// <summary>Uniform numbers: each word's upper 24 bits.</summary>
internal readonly unsafe struct UniformWork(NoiseKey key, float* y, Pieces pieces) : IWork
{
    private readonly NoiseKey _key = key;
    private readonly float* _y = y;
    private readonly Pieces _pieces = pieces;

    public void Run(int piece, int worker)
    {
        _pieces.Get(piece, out _, out _, out long start, out long end);
        NoiseWords.Write(_key, _key.Offset + (ulong)start, end - start, (uint*)(_y + start));
        for (long i = start; i < end; i++)
        {
            _y[i] = (float)Philox.ToUniform(*(uint*)(_y + i));
        }
    }
}
