using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Adds the chunks of a weight gradient in their order and puts the sums where they belong in weight [K, C, R, S] and bias [K].</summary>
internal unsafe struct WeightGradientSum<T> : IWork where T : struct, ILanes<T>
{
    private const int OutersPerPiece = 16;

    private readonly ConvolutionGeometry _geometry;
    private readonly WeightGradientParts _parts;
    private readonly float* _weight;
    private readonly float* _bias;
    private readonly bool _weightAdds;
    private readonly bool _biasAdds;

    /// <summary>The work of adding; a destination that is not wanted is null.</summary>
    public WeightGradientSum(in ConvolutionGeometry geometry, WeightGradientParts parts, float* weight, bool weightAdds, float* bias, bool biasAdds)
    {
        _geometry = geometry;
        _parts = parts;
        _weight = weight;
        _bias = bias;
        _weightAdds = weightAdds;
        _biasAdds = biasAdds;
    }

    /// <summary>Piece 0 is the bias.</summary>
    public readonly int Pieces => 1 + Parts.Count(_parts.OuterLength, OutersPerPiece);

    /// <inheritdoc/>
    public readonly void Run(int piece, int worker)
    {
        if (piece == 0)
        {
            AddBias();
        }
        else if (_weight is not null)
        {
            int first = (piece - 1) * OutersPerPiece;
            for (int outer = first; outer < Math.Min(first + OutersPerPiece, _parts.OuterLength); outer++)
            {
                AddWeights(outer);
            }
        }
    }

    private readonly void AddBias()
    {
        if (_bias is null)
        {
            return;
        }

        for (int k = 0; k < _geometry.OutputChannels; k++)
        {
            float sum = 0;
            for (int chunk = 0; chunk < _parts.Chunks; chunk++)
            {
                sum += _parts.Bias(chunk)[k];
            }

            _bias[k] = _biasAdds ? _bias[k] + sum : sum;
        }
    }

    private readonly void AddWeights(int outer)
    {
        float* sums = stackalloc float[T.Count];
        int channels = _geometry.InputChannels, width = _geometry.KernelWidth, taps = _geometry.KernelHeight * width;
        int perRow = _parts.OuterLength / _geometry.KernelHeight, row = outer / perRow, within = outer % perRow;
        int present = _parts.IsThin ? width * channels : _geometry.OutputChannels;
        for (int inner = 0; inner < present; inner += T.Count)
        {
            T sum = T.Zero;
            for (int chunk = 0; chunk < _parts.Chunks; chunk++)
            {
                sum += T.Load(_parts.Weight(chunk) + (nint)outer * _parts.InnerLength + inner);
            }

            T.Store(sum, sums);
            int count = Math.Min(T.Count, present - inner);
            if (_parts.IsThin)
            {
                for (int i = 0; i < count; i++)
                {
                    (int s, int c) = Math.DivRem(inner + i, channels);
                    Put(sums[i], _weight + ((nint)within * channels + c) * taps + row * width + s);
                }

                continue;
            }

            (int column, int input) = Math.DivRem(within, channels);
            float* target = _weight + ((nint)inner * channels + input) * taps + row * width + column;
            for (int i = 0; i < count; i++, target += channels * taps)
            {
                Put(sums[i], target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Put(float sum, float* target) => *target = _weightAdds ? *target + sum : sum;
}
