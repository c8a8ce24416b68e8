using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class SplineCouplingFlowTests
{
    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void A_new_coupling_is_the_identity(string device) => Devices.Run(device, backend =>
    {
        const int Channels = 3, Bins = 8;
        using ParameterSet parameters = ParameterSet.Create(
            backend, seed: 1,
            root => new SplineCoupling(Channels, changesFirst: false, new GatedResidualNet(
                root / "net", SplineCoupling.Kept(Channels), SplineCoupling.ParameterCount(Channels, Bins), hidden: 4, blocks: 1,
                SplineCoupling.StartingBias(Channels, Bins))),
            out SplineCoupling coupling);
        using Tensor x = backend.Create([2, Channels, 3, 5], Operand.Between([90], -4, 4).Values(1, 0));
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = coupling.Forward(tape.Constant(x), Pass.Evaluation);

        // The bias is a float32 on every backend.
        Close.Check(x.ToDoubles(), y.Value.ToDoubles(), 5e-7, "y");
        Close.Check([0, 0], logDet.Value.ToDoubles(), 5e-6, "log_det, of 15 elements");
    });
}
