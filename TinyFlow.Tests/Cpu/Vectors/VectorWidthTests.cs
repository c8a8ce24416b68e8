using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Vectors;

[TestClass]
[TestCategory("VectorWidth")]
public sealed class VectorWidthTests
{
    [TestMethod]
    public void The_width_is_the_widest_that_the_runtime_calls_accelerated()
    {
        int widest = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        Assert.AreEqual(widest, (int)VectorWidths.Best);
    }

    [TestMethod]
    public void The_runtime_heeds_its_switches()
    {
        // If a switch were renamed, the runs without AVX-512 and AVX2 would test the widest kernels again.
        if (IsOff("DOTNET_EnableAVX512"))
        {
            Assert.IsFalse(Avx512F.IsSupported);
            Assert.IsLessThanOrEqualTo(256, (int)VectorWidths.Best);
        }

        if (IsOff("DOTNET_EnableAVX2"))
        {
            Assert.IsFalse(Avx2.IsSupported);
            Assert.AreEqual(128, (int)VectorWidths.Best);
        }
    }

    private static bool IsOff(string name) => Environment.GetEnvironmentVariable(name) == "0";
}
