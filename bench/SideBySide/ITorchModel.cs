using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Bench;

/// <summary>Parameters that one Adam changes: how much their own value is added to their gradients, and the norm that these are clipped to together.</summary>
internal sealed record TorchGroup(IReadOnlyList<Parameter> Parameters, double WeightDecay, double? MaxNorm);

/// <summary>A preset's model as one would write it in TorchSharp.</summary>
internal interface ITorchModel : IDisposable
{
    /// <summary>Adam's step size.</summary>
    double LearningRate { get; }

    /// <summary>All parameters.</summary>
    IReadOnlyList<TorchGroup> Groups { get; }

    /// <summary>Sizes of one latent variable, as <see cref="Inverse"/> takes a batch of them.</summary>
    long[] Latent { get; }

    /// <summary>Sets all parameters and statistics, asked for by their PyTorch state_dict names and sizes.</summary>
    void Load(Func<string, long[], float[]> valuesOf);

    /// <summary>Whether normalizations use the statistics of the batch.</summary>
    void Train(bool mode);

    /// <summary>What training minimizes, for x [N, 1, 28, 28].</summary>
    Tensor Loss(Tensor x);

    /// <summary>Mean nll in nats an image.</summary>
    Tensor Nll(Tensor x);

    /// <summary>Images of latent variables.</summary>
    Tensor Inverse(Tensor latents);
}
