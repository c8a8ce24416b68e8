using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow;

/// <summary>
/// The backend for processors: float32 in vector registers (AVX-512, AVX2 or NEON, whichever the machine has) on all
/// cores. Results are bit-identical for any number of threads on machines of one vector width.
/// </summary>
/// <remarks>
/// One thread at a time may use a backend's tensors: an op may move an operand's elements to other memory, in another
/// order, though their values stay the same. Threads that work at the same time each take a backend of their own.
/// </remarks>
public sealed unsafe partial class CpuBackend : HostBackend<float>, IFusedNormalization
{
    // Far more than any machine has cores; each thread holds a stack.
    /// <summary>The most threads that can be asked for.</summary>
    public const int MostThreads = 1024;

    private readonly WorkerPool _workers;
    private readonly VectorWidth _width;

    /// <summary>Makes a backend.</summary>
    /// <param name="threads">How many threads compute, the caller's included; by default as many as the process may use.</param>
    /// <param name="poison">Fills new tensors with NaN, so that a test finds what reads before it writes.</param>
    /// <param name="memoryLimit">The bytes that may be taken from the system; by default what it, or the container, has.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one thread, or more than 1024.</exception>
    public CpuBackend(int? threads = null, bool poison = false, long? memoryLimit = null)
        : this(VectorWidths.Best, threads, poison, memoryLimit)
    {
    }

    internal CpuBackend(VectorWidth width, int? threads = null, bool poison = false, long? memoryLimit = null)
        : base("cpu", poison, memoryLimit)
    {
        if (threads < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(threads), $"CpuBackend: {threads} threads asked for; at least 1 is needed.");
        }

        if (threads > MostThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threads), $"CpuBackend: {threads} threads asked for; at most {MostThreads} are possible, and more than the {Environment.ProcessorCount} cores do not help.");
        }

        _width = width;
        _workers = new WorkerPool(threads ?? Math.Min(Environment.ProcessorCount, MostThreads));
    }

    /// <summary>The bits of the vector registers that kernels use on this machine: 512, 256 or 128.</summary>
    public static int VectorBits => (int)VectorWidths.Best;

    /// <summary>How many threads compute, the caller's included.</summary>
    public int Threads => _workers.Count;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _workers.Dispose();
        base.Dispose();
    }

    /// <summary>Runs vector work at this backend's width on its threads, or on the caller's alone if it touches few elements.</summary>
    private void Run<TWork>(int pieces, TWork work, long elements = long.MaxValue) where TWork : struct, IVectorWork
    {
        switch (_width)
        {
            case VectorWidth.Bits512:
                _workers.Run(pieces, new AtWidth<Lanes512, TWork>(work), elements <= Pieces.Grain);
                break;
            case VectorWidth.Bits256:
                _workers.Run(pieces, new AtWidth<Lanes256, TWork>(work), elements <= Pieces.Grain);
                break;
            default:
                _workers.Run(pieces, new AtWidth<Lanes128, TWork>(work), elements <= Pieces.Grain);
                break;
        }
    }

    /// <summary>The elements of an operand, in plain order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* In(Tensor x) => Pointer(x);

    /// <summary>Where all elements of a result will be written, in plain order.</summary>
    private static float* Out(Tensor y)
    {
        HostStorage<float> storage = StorageOf(y);
        if (!storage.Layout.IsPlain && CoversStorage(y))
        {
            // What it holds is overwritten: no need to bring it into plain order first.
            storage.SetLayout(HostLayout.Plain);
        }

        return Pointer(y);
    }

    /// <summary>Where all elements of a result will be written or added to, in plain order; null if it is not wanted.</summary>
    private static float* Out(Sink y) => y.Tensor is null ? null : y.Adds ? Pointer(y.Tensor) : Out(y.Tensor);
}
