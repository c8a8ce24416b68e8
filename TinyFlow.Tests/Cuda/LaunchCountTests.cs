namespace TinyFlow.Tests.Cuda;

/// <summary>A launch takes as long as a million additions: what belongs together is one.</summary>
[TestClass]
[DoNotParallelize]
public sealed class LaunchCountTests
{
    private static readonly BatchNormSettings Settings = new(1e-5, 0.1, Activation.Relu);
    private StandinControl _control = null!;

    [TestMethod]
    [DataRow(4, 7, 1, DisplayName = "short channels")]
    [DataRow(16, 28, 2, DisplayName = "long channels, in parts")]
    public void A_batch_normalization_with_its_activation_and_running_statistics(int images, int side, int launches) => Count(backend =>
    {
        using Tensor x = backend.Ones([images, 3, side, side]), y = backend.Allocate(x.Shape), dy = backend.Ones(x.Shape), dx = backend.Allocate(x.Shape);
        using Tensor gamma = backend.Ones([3]), beta = backend.Zeros([3]), runningMean = backend.Zeros([3]), runningVariance = backend.Ones([3]);
        using Tensor mean = backend.Allocate([3]), inverseDeviation = backend.Allocate([3]), dgamma = backend.Allocate([3]), dbeta = backend.Allocate([3]);
        Takes(launches, () => backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, Settings));
        Takes(launches, () => backend.BatchNormBackward(x, gamma, beta, mean, inverseDeviation, dy, dx, dgamma, dbeta, Settings, BatchStatistics.Batch));
        Takes(1, () => backend.BatchNormInference(x, gamma, beta, runningMean, runningVariance, inverseDeviation, y, Settings));
    });

    [TestMethod]
    public void An_instance_normalization_with_its_activation() => Count(backend =>
    {
        using Tensor x = backend.Ones([2, 3, 28, 28]), y = backend.Allocate(x.Shape), dy = backend.Ones(x.Shape), dx = backend.Allocate(x.Shape);
        using Tensor mean = backend.Allocate([2, 3]), inverseDeviation = backend.Allocate([2, 3]);
        Takes(1, () => backend.InstanceNorm(x, mean, inverseDeviation, y, 1e-5, Activation.Relu));
        Takes(1, () => backend.InstanceNormBackward(x, mean, inverseDeviation, dy, dx, Activation.Relu));
    });

    [TestMethod]
    public void A_coupling_with_its_log_determinant_and_a_log_likelihood() => Count(backend =>
    {
        using Tensor x = backend.Ones([3, 2, 14, 14]), h = backend.Ones([3, 4, 14, 14]), parameters = backend.Ones([3, 5, 14, 14]), mask = backend.Ones([2, 14, 14]);
        using Tensor y = backend.Allocate(x.Shape), logDet = backend.Allocate([3]), dx = backend.Allocate(x.Shape), dh = backend.Allocate(h.Shape), dparameters = backend.Allocate(parameters.Shape);
        ChannelRange second = new(1, 1);
        Takes(1, () => backend.AffineCoupling(x, h, null, mask, y, logDet, CouplingForm.ScaleThenShift));
        Takes(1, () => backend.AffineCouplingBackward(x, h, null, mask, y, logDet, dx, dh, Sink.None, CouplingForm.ScaleThenShift));
        Masked kept = new(mask, backend.Allocate(x.Shape));
        using Tensor values = kept.Values;
        Takes(1, () => backend.AffineCoupling(x, h, null, mask, y, logDet, CouplingForm.ScaleThenShift, kept));
        Takes(1, () => backend.AffineCouplingBackward(x, h, null, mask, y, logDet, dx, dh, Sink.None, CouplingForm.ScaleThenShift, kept));
        Takes(1, () => backend.LogisticMixtureCoupling(x, parameters, second, y, logDet));
        Takes(1, () => backend.LogisticMixtureCouplingBackward(x, parameters, second, y, logDet, dx, dparameters));
        Takes(1, () => backend.RationalQuadraticCoupling(x, parameters, second, y, logDet));
        Takes(1, () => backend.RationalQuadraticCouplingBackward(x, parameters, second, y, logDet, dx, dparameters));
        Takes(1, () => backend.GaussianLogProb(x, logDet));
    });

    [TestMethod]
    public void The_parts_of_a_loss() => Count(backend =>
    {
        using Tensor perImage = backend.Ones([64]), penalty = backend.Ones([]), parts = backend.Allocate([3]), loss = parts.Section(0, []), dperImage = backend.Allocate([64]), dpenalty = backend.Allocate([]);
        Takes(1, () => backend.CombineMeans([perImage, penalty], [1, 2, 1, 0, 0, 1], [0, 0, 0], parts));
        Takes(1, () => backend.CombineMeansBackward([1, 2], loss, [dperImage, dpenalty]));
    });

    private void Count(Action<CudaBackend> test)
    {
        using StandinControl control = new();
        _control = control;
        using CudaBackend backend = Standin.Open();
        test(backend);
    }

    private void Takes(int launches, Action op)
    {
        _control.ResetCounts();
        op();
        Assert.AreEqual(launches, _control.Count("launches"));
        Assert.AreEqual(0, _control.Count("synchronizations"));
    }
}
