using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class AtomicFileTests
{
    // What the system reports when the disk is full.
    private static readonly int DiskFull = OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28;

    [TestMethod]
    public void A_file_is_made_or_replaced_and_nothing_else_is_left()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        AtomicFile.Write(path, "first"u8.ToArray());
        AtomicFile.Write(path, "second"u8.ToArray());
        Assert.AreEqual("second", File.ReadAllText(path));
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_full_disk_leaves_the_old_file_and_no_other()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a", [1, 2, 3]);
        CheckpointException e = Assert.ThrowsExactly<CheckpointException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[100_000]);
            throw new IOException("No space left on device", DiskFull);
        }));

        Assert.AreEqual($"{path}: the file cannot be written: the disk is full. The old file is unchanged.", e.Message);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, File.ReadAllBytes(path));
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_mistake_of_the_writer_is_passed_on_and_leaves_the_old_file()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a", [1, 2, 3]);
        Assert.ThrowsExactly<OperationCanceledException>(() => AtomicFile.Write(path, _ => throw new OperationCanceledException()));
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, File.ReadAllBytes(path));
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void What_a_killed_process_left_behind_is_in_nobodys_way()
    {
        using TemporaryFolder folder = new();
        folder.Write("a.tmp", new byte[1000]);
        AtomicFile.Write(folder.File("a"), new byte[] { 7 });
        CollectionAssert.AreEqual(new byte[] { 7 }, File.ReadAllBytes(folder.File("a")));
        Assert.IsFalse(File.Exists(folder.File("a.tmp")));
    }

    [TestMethod]
    public void What_another_process_is_writing_stays()
    {
        using TemporaryFolder folder = new();
        using FileStream other = new(folder.File("a.tmp"), FileMode.Create, FileAccess.Write, FileShare.None);
        Assert.Contains("cannot be written", Assert.ThrowsExactly<CheckpointException>(() => AtomicFile.Write(folder.File("a"), new byte[] { 7 })).Message);
        Assert.IsTrue(File.Exists(folder.File("a.tmp")));
    }

    [TestMethod]
    public void A_folder_that_is_missing_or_in_the_way_is_named()
    {
        using TemporaryFolder folder = new();
        string missing = Path.Combine(folder.File("nowhere"), "a");
        Assert.AreEqual(
            $"{missing}: the file cannot be written: its folder does not exist.",
            Assert.ThrowsExactly<CheckpointException>(() => AtomicFile.Write(missing, Array.Empty<byte>())).Message);
        Assert.AreEqual(
            $"{folder.Path}: the file cannot be written: there is a folder of this name.",
            Assert.ThrowsExactly<CheckpointException>(() => AtomicFile.Write(folder.Path, Array.Empty<byte>())).Message);
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void A_link_stays_a_link_and_what_it_points_to_is_replaced()
    {
        using TemporaryFolder folder = new();
        string target = folder.Write("target", [1]), link = folder.File("link");
        File.CreateSymbolicLink(link, target);
        AtomicFile.Write(link, new byte[] { 2 });
        CollectionAssert.AreEqual(new byte[] { 2 }, File.ReadAllBytes(target));
        Assert.AreEqual(target, new FileInfo(link).LinkTarget);
    }
}
