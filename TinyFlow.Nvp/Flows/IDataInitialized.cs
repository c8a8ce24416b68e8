using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>A flow that sets parameters from the first batch that it sees (Salimans and Kingma 2016; Glow).</summary>
public interface IDataInitialized
{
    /// <summary>Whether that has been done, or need not be; reading it may wait for the device.</summary>
    bool IsInitialized { get; }

    /// <summary>
    /// Sets the parameters from x [N, …], unless that has been done before in this model's life: the fact is part of
    /// its state, so that loading a checkpoint never leads to a second initialization.
    /// </summary>
    void Initialize(Var x);
}
