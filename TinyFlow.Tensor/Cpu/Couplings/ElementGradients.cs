namespace TinyFlow.Cpu.Couplings;

/// <summary>The gradients that come into an element coupling and go out of it; what goes nowhere is null.</summary>
internal unsafe struct ElementGradients
{
    public float* Output, LogDet, Input, Net;

    public bool InputAdds, NetAdds;
}
