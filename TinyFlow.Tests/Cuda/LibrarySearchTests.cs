using System.Reflection;
using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cuda;

[TestClass]
public sealed class LibrarySearchTests
{
    private static LibrarySpec Driver => Library(NativeLibraries.Driver);

    private static LibrarySpec Cublas => Library(NativeLibraries.Cublas);

    private static LibrarySpec Cudnn => Library(NativeLibraries.Cudnn);

    [TestMethod]
    public void A_named_file_is_taken_and_nothing_else()
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_LIBCUBLAS", "/mine/blas.so").WithFile("/mine/blas.so").WithKnown("libcublas.so.13");
        FoundLibrary found = Find(system, Cublas);
        Assert.AreEqual("/mine/blas.so", found.File);
        Assert.AreSequenceEqual(["/mine/blas.so"], system.Asked);
    }

    [TestMethod]
    public void A_named_file_that_is_missing_is_an_error_though_another_is_there()
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_LIBCUDA", "/nope/libcuda.so").WithKnown("libcuda.so.1");
        FoundLibrary found = Find(system, Driver);
        Assert.IsFalse(found.IsFound);
        Assert.AreEqual(
            "Could not load the NVIDIA driver. Tried: /nope/libcuda.so, which TINYFLOW_LIBCUDA names. " +
            "Install the NVIDIA driver, which brings it; the CUDA toolkit is not needed. Start a container with --gpus all.", found.Problem);
    }

    [TestMethod]
    public void The_loader_goes_before_folders()
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_CUDA_PATH", "/cuda").WithFile("/cuda/libcudnn.so.9").WithKnown("libcudnn.so.9");
        Assert.AreEqual("libcudnn.so.9", Find(system, Cudnn).File);
    }

    [TestMethod]
    [DataRow("TINYFLOW_CUDA_PATH", "/wheels/nvidia", "/wheels/nvidia/cu13/lib", DisplayName = "the folder of wheels")]
    [DataRow("TINYFLOW_CUDA_PATH", "/env/lib/python3.12/site-packages", "/env/lib/python3.12/site-packages/nvidia/cu13/lib", DisplayName = "the folder of packages")]
    [DataRow("TINYFLOW_CUDA_PATH", "/here", "/here", DisplayName = "the folder itself")]
    [DataRow("TINYFLOW_CUDA_PATH", "/none:/opt/cuda", "/opt/cuda/lib64", DisplayName = "the second of two folders, a toolkit")]
    [DataRow("VIRTUAL_ENV", "/venv", "/venv/lib/python3.11/site-packages/nvidia/cu13/lib", DisplayName = "a virtual environment")]
    [DataRow("CONDA_PREFIX", "/conda", "/conda/lib/python3.13/site-packages/nvidia/cublas/lib", DisplayName = "conda's Python packages")]
    [DataRow("CONDA_PREFIX", "/conda", "/conda/lib", DisplayName = "conda's own packages")]
    [DataRow("CUDA_HOME", "/opt/cuda-13", "/opt/cuda-13/targets/x86_64-linux/lib", DisplayName = "a toolkit")]
    [DataRow("CUDA_PATH", "/opt/cuda-13", "/opt/cuda-13/lib", DisplayName = "a toolkit by its other name")]
    [DataRow("HOME", "/root", "/usr/local/cuda/lib64", DisplayName = "the usual toolkit")]
    [DataRow("HOME", "/root", "/usr/lib/wsl/lib", DisplayName = "WSL's folder")]
    public void Libraries_are_found_where_people_have_them(string variable, string value, string folder)
    {
        string file = $"{folder}/libcublas.so.13";
        FoundLibrary found = Find(new FakeSystem().With(variable, value).WithFile(file), Cublas);
        Assert.AreEqual(file, found.File);
        Assert.AreSequenceEqual(["libcublas.so.13", file], found.Tried);
        Assert.AreEqual("", found.Problem);
    }

    [TestMethod]
    [DataRow("VIRTUAL_ENV", "C:/venv", "C:/venv/Lib/site-packages/nvidia/cu13/bin/x86_64", "cublas64_13.dll")]
    [DataRow("VIRTUAL_ENV", "C:/venv", "C:/venv/Lib/site-packages/nvidia/cublas/bin", "cublas64_12.dll")]
    [DataRow("CUDA_PATH", "C:/CUDA/v13.0", "C:/CUDA/v13.0/bin/x64", "cublas64_13.dll")]
    [DataRow("CONDA_PREFIX", "C:/conda", "C:/conda/Library/bin", "cublas64_12.dll")]
    public void Windows_has_other_names_and_folders(string variable, string value, string folder, string name)
    {
        FakeSystem system = new FakeSystem { IsWindows = true, UsualToolkits = [], UsualFolders = [] }.With(variable, value).WithFile($"{folder}/{name}");
        Assert.AreEqual($"{folder}/{name}", Find(system, Cublas).File);
    }

    [TestMethod]
    public void On_ARM_toolkits_have_another_folder()
    {
        FakeSystem system = new FakeSystem { IsArm = true }.WithFile("/usr/local/cuda/targets/sbsa-linux/lib/libcublas.so.13");
        Assert.IsTrue(Find(system, Cublas).IsFound);
    }

    [TestMethod]
    [DataRow(13, "/cuda/libcublas.so.13")]
    [DataRow(12, "libcublas.so.12")]
    [DataRow(0, "/cuda/libcublas.so.13")]
    public void The_newest_version_that_the_driver_serves_is_taken(int driver, string expected)
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_CUDA_PATH", "/cuda").WithFile("/cuda/libcublas.so.13").WithKnown("libcublas.so.12");
        Assert.AreEqual(expected, Find(system, Cublas, driver).File);
    }

    [TestMethod]
    public void What_a_library_needs_is_loaded_from_beside_it_first()
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_CUDA_PATH", "/cuda").WithFile("/cuda/libcublas.so.13").WithFile("/cuda/libcublasLt.so.13");
        Find(system, Cublas);
        Assert.AreSequenceEqual(["libcublas.so.13", "/cuda/libcublasLt.so.13", "/cuda/libcublas.so.13"], system.Asked);
    }

    [TestMethod]
    public void A_missing_library_tells_what_was_tried_and_what_to_install()
    {
        FakeSystem system = new FakeSystem().With("TINYFLOW_CUDA_PATH", "/cuda").WithBrokenFile("/cuda/libcudnn.so.9");
        FoundLibrary found = Find(system, Cudnn);
        Assert.IsNull(found.File);
        Assert.AreEqual(
            "Could not load cuDNN 9. Tried: libcudnn.so.9, /cuda/libcudnn.so.9 (invalid ELF header); looked into /cuda. " +
            "Install it by 'pip install nvidia-cudnn-cu13' or 'pip install nvidia-cudnn-cu12', whichever fits cuBLAS; or set TINYFLOW_CUDA_PATH to the folder that has it.",
            found.Problem);
    }

    [TestMethod]
    public void The_system_says_why_a_file_does_not_load()
    {
        using TemporaryFolder folder = new();
        string file = Path.Combine(folder.Path, "libcudnn.so.9");
        File.WriteAllText(file, "not a library");
        Assert.AreEqual(0, new ThisSystem().Load(file, out string reason));
        Assert.IsGreaterThan(0, reason.Length, "no reason");
        Assert.DoesNotContain(folder.Path, reason);
    }

    [TestMethod]
    public void A_library_of_another_version_is_refused_by_what_it_lacks()
    {
        FoundLibrary libc = new(Cudnn, NativeLibrary.Load("libc.so.6"), "libc.so.6", ["libc.so.6"], []);
        string? obstacle = NativeLibraries.Obstacle(libc, ["malloc", "cudnnCreate", "cudnnDestroy"]);
        Assert.IsNotNull(obstacle);
        Assert.Contains("has no cudnnCreate, cudnnDestroy: it is not the version of cuDNN 9 that is needed.", obstacle);
        StringAssert.StartsWith(obstacle, "/", "The file that was found is named in full.");
    }

    [TestMethod]
    [DataRow(typeof(Driver))]
    [DataRow(typeof(Cublas))]
    [DataRow(typeof(Cudnn))]
    [DataRow(typeof(Nccl))]
    public void Every_import_is_among_the_functions_that_are_looked_for(Type library)
    {
        string[] imports = [.. library.GetMethods(BindingFlags.Static | BindingFlags.Public).Where(method => !method.IsSpecialName).Select(method => method.Name)];
        string[] functions = [.. library.GetProperties().Select(property => property.GetValue(null)).OfType<IReadOnlyList<string>>().SelectMany(names => names)];
        CollectionAssert.AreEquivalent(imports, functions);
    }

    [TestMethod]
    [DataRow(12080, "12.8")]
    [DataRow(13000, "13.0")]
    public void Versions_are_written_as_people_do(int version, string text) => Assert.AreEqual(text, NativeLibraries.VersionText(version));

    [TestMethod]
    public void An_exception_quotes_the_call_and_the_library()
    {
        CudaException exception = new("Driver.cuMemAlloc_v2(out ulong address, (nuint)size)", 2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory", "", "Free some.");
        Assert.AreEqual("cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory. Free some.", exception.Message);
        Assert.AreEqual("cuLaunchKernel of tf_fill failed with error 7.", new CudaException("cuLaunchKernel of tf_fill", 7, "", "").Message);
    }

    private static FoundLibrary Find(FakeSystem system, LibrarySpec library, int driverMajor = 13) => new LibrarySearch(system).Find(library, driverMajor);

    private static LibrarySpec Library(string import) => NativeLibraries.All.Single(library => library.Import == import);
}
