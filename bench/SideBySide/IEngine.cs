namespace Bench;

/// <summary>One engine with a model and inputs, made for one workload.</summary>
internal interface IEngine : IDisposable
{
    /// <summary>
    /// Gives the model the parameters of <see cref="Fixture"/> and computes what both engines must agree on: how many
    /// parameters there are (a parameter's values depend on its sizes, so models of two sizes would just show two losses);
    /// for training, the loss and its gradient's norm, and the losses after updates, so that the optimizer is compared too.
    /// </summary>
    Dictionary<string, double> Compare();

    /// <summary>One training step, evaluation or sampling of a batch.</summary>
    void Step();
}
