using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Products;

/// <summary>Copies b into panels [batch, panel, k, columns of a panel], so that kernels read it from front to back.</summary>
internal readonly unsafe struct PackPanels<T>(ProductPlan plan, MatrixView b, float* packed) : IWork where T : struct, ILanes<T>
{
    private readonly ProductPlan _plan = plan;
    private readonly MatrixView _b = b;
    private readonly float* _packed = packed;

    public void Run(int piece, int worker)
    {
        (int batch, int panel) = Math.DivRem(piece, _plan.Panels);
        Panel<T>.Pack(_plan, _b, batch, panel, firstStep: 0, _plan.K, _packed + batch * _plan.PackedSize + (long)panel * _plan.K * _plan.PanelColumns);
    }
}
