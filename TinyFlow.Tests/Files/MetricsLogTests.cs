using System.Globalization;
using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class MetricsLogTests
{
    [TestMethod]
    public void A_line_is_one_JSON_object_with_every_documented_property()
    {
        using TemporaryFolder folder = new();
        Write(folder, new MetricsRow
        {
            Step = 300,
            Epoch = 2,
            Split = "train",
            Nll = 1.5,
            BitsPerDim = 2.25,
            LogProbZ = -3,
            LogDet = 1e-7,
            BatchNorm = 0,
            Dequantization = 4347.41,
            L2 = 12,
            GradNorm = double.NaN,
            LearningRate = 5e-4,
            ImagesPerSecond = double.PositiveInfinity,
            Seconds = 0.1,
        });
        Assert.AreEqual(
            """{"step":300,"epoch":2,"split":"train","nll":1.5,"bits_per_dim":2.25,"log_prob_z":-3,"log_det":1E-07,"batch_norm":0,"dequantization":4347.41,"l2":12,"grad_norm":null,"learning_rate":0.0005,"images_per_second":null,"seconds":0.1}""" + "\n",
            File.ReadAllText(Log(folder)));
    }

    [TestMethod]
    public void The_language_of_the_machine_does_not_matter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            using TemporaryFolder folder = new();
            Write(folder, Row(1) with { Nll = 1234.5 });
            JsonDocument.Parse(File.ReadAllText(Log(folder))).Dispose();
            Assert.AreEqual(1234.5, MetricsLog.Read(Log(folder)).Rows[0].Nll);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    public void Rows_come_back_as_they_were_written_and_are_there_before_the_log_is_closed()
    {
        using TemporaryFolder folder = new();
        MetricsRow row = Row(1) with { Nll = 0.1, BitsPerDim = double.NaN, Seconds = 1e300 };
        using MetricsLog log = MetricsLog.Open(Log(folder));
        log.Append(row);
        log.Append(Row(2));
        CollectionAssert.AreEqual(new[] { row, Row(2) }, MetricsLog.Read(Log(folder)).Rows.ToArray());
    }

    [TestMethod]
    public void Resuming_keeps_the_rows_up_to_the_checkpoint_wherever_the_last_line_was_cut()
    {
        using TemporaryFolder folder = new();
        Write(folder, Row(100), Row(200), Row(300));
        byte[] whole = File.ReadAllBytes(Log(folder));
        int twoLines = Array.IndexOf(whole, (byte)'\n', Array.IndexOf(whole, (byte)'\n') + 1) + 1;
        for (int length = twoLines; length <= whole.Length; length++)
        {
            File.WriteAllBytes(Log(folder), whole[..length]);
            MetricsLog.TruncateAfter(Log(folder), 200);
            CollectionAssert.AreEqual(whole[..twoLines], File.ReadAllBytes(Log(folder)));
        }
    }

    [TestMethod]
    public void A_line_that_was_cut_off_is_counted_and_the_next_row_starts_on_its_own_line()
    {
        using TemporaryFolder folder = new();
        Write(folder, Row(1), Row(2));
        byte[] whole = File.ReadAllBytes(Log(folder));
        File.WriteAllBytes(Log(folder), whole[..^5]);
        Write(folder, Row(3));
        MetricsHistory history = MetricsLog.Read(Log(folder));
        CollectionAssert.AreEqual(new[] { Row(1), Row(3) }, history.Rows.ToArray());
        Assert.AreEqual(1, history.DamagedLines);
    }

    [TestMethod]
    public void A_missing_log_has_no_rows_and_stays_missing()
    {
        using TemporaryFolder folder = new();
        MetricsLog.TruncateAfter(Log(folder), 5);
        Assert.IsEmpty(MetricsLog.Read(Log(folder)).Rows);
        Assert.IsFalse(File.Exists(Log(folder)));
    }

    [TestMethod]
    public void A_log_in_a_missing_folder_is_refused_with_a_sentence()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.File("nowhere"), "metrics.jsonl");
        Assert.AreEqual(
            $"{path}: the file cannot be written: its folder does not exist.",
            Assert.ThrowsExactly<CheckpointException>(() => MetricsLog.Open(path)).Message);
    }

    private static string Log(TemporaryFolder folder) => folder.File("metrics.jsonl");

    private static MetricsRow Row(long step) => new() { Step = step, Epoch = 1, Split = "train", Nll = step / 3.0 };

    private static void Write(TemporaryFolder folder, params MetricsRow[] rows)
    {
        using MetricsLog log = MetricsLog.Open(Log(folder));
        foreach (MetricsRow row in rows)
        {
            log.Append(row);
        }
    }
}
