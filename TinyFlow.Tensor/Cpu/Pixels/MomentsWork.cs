using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>The moments of images that are held channels last; one piece a chunk.</summary>
internal readonly unsafe struct MomentsWork(ChunkSums moments, float* images) : IVectorWork
{
    private readonly ChunkSums _moments = moments;
    private readonly float* _images = images;

    public void Run<T>(int chunk, int worker) where T : struct, ILanes<T> =>
        _moments.TakeMoments<T>(_images, chunk, firstChannel: 0, Parts.Count(_moments.Chunks.Channels, T.Count));
}
