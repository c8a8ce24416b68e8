using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // clip, rate, correction, and whether the step is skipped: tf_adam_factors.
    private const int AdamFactors = 4;

    /// <inheritdoc/>
    public void Adam(
        Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings)
    {
        using Tensor factors = Scratch([AdamFactors]);
        Launch("tf_adam_begin", LaunchGrid.Blocks(1, 32), new AdamBeginArguments
        {
            SquaredNorm = Address(squaredNorm),
            State = Address(state),
            Factors = Address(factors),
            Beta1 = settings.Beta1,
            Beta2 = settings.Beta2,
            MaxNorm = settings.MaxNorm,
        });
        AdamArguments arguments = new()
        {
            Parameters = Address(parameters),
            Gradients = Address(gradients),
            First = Address(first),
            Second = Address(second),
            Factors = Address(factors),
            Decay = (float)settings.WeightDecay,
            Beta1 = (float)settings.Beta1,
            OneMinusBeta1 = (float)(1 - settings.Beta1),
            Beta2 = (float)settings.Beta2,
            OneMinusBeta2 = (float)(1 - settings.Beta2),
            Epsilon = (float)settings.Epsilon,
            Count = parameters.Count,
        };
        arguments.Vectors = Quads.AreVectors(arguments.Parameters, arguments.Gradients, arguments.First, arguments.Second);
        Launch(settings.Scale == AdamScale.Maximum ? "tf_adamax" : "tf_adam", LaunchGrid.Over(Quads.Count(parameters.Count)), arguments);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AdamBeginArguments
    {
        public ulong SquaredNorm, State, Factors;
        public double Beta1, Beta2, MaxNorm;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AdamArguments
    {
        public ulong Parameters, Gradients, First, Second, Factors;
        public float Decay, Beta1, OneMinusBeta1, Beta2, OneMinusBeta2, Epsilon;
        public long Count;
        public int Vectors;
    }
}
