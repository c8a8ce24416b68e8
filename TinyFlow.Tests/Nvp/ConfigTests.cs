using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class ConfigTests
{
    public static IEnumerable<object[]> Names => Presets.All.Select(preset => new object[] { preset.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Settings_come_back_from_JSON_as_they_were(string name)
    {
        Preset preset = Presets.Find(name);
        Assert.AreEqual(preset.Model, ModelConfig.FromJson(preset.Model.ToJson()));
        TrainingConfig training = preset.Training with { Seed = ulong.MaxValue, MaxSteps = 3, Objective = ObjectiveKind.Notebook };
        Assert.AreEqual(training, TrainingConfig.FromJson(training.ToJson()));
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_preset_fits(string name)
    {
        Preset preset = Presets.Find(name);
        preset.Model.Check();
        preset.Training.Check();
        Assert.AreEqual(name, preset.Model.Preset);
    }

    [TestMethod]
    public void A_setting_that_is_not_known_is_an_error() => Assert.Throws<JsonException>(
        () => ModelConfig.FromJson(Presets.Notebook.Model.ToJson().Replace("\"layers\"", "\"layer_count\"", StringComparison.Ordinal)));

    // The serializer knows every member: what is written without it must be the same, also of settings that no preset has.
    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Settings_are_written_as_the_serializer_writes_them(string name)
    {
        Preset preset = Presets.Find(name);
        TrainingConfig training = preset.Training with
        {
            MaxSteps = 12,
            BudgetSeconds = 0.1,
            StepEpochs = 3,
            AverageDecay = 0.5,
            ClipNorm = 1e-5,
            HorizontalFlips = true,
            Seed = ulong.MaxValue,
            L2 = 1e-300,
        };
        Assert.AreEqual(JsonSerializer.Serialize(preset.Model, ConfigJson.Default.ModelConfig), preset.Model.ToJson());
        Assert.AreEqual(JsonSerializer.Serialize(preset.Training, ConfigJson.Default.TrainingConfig), preset.Training.ToJson());
        Assert.AreEqual(JsonSerializer.Serialize(training, ConfigJson.Default.TrainingConfig), training.ToJson());
        RunConfig run = new(preset.Model, training, new DataConfig("C:\\dåta \"x\" & <y>", "00ff")) { Devices = [new DeviceUse(0, "cpu", "float32"), new DeviceUse(7, "cuda:0", "TF32")] };
        Assert.AreEqual(JsonSerializer.Serialize(run, ConfigJson.Default.RunConfig), run.ToJson());
        Assert.AreEqual(JsonSerializer.Serialize(run with { Devices = [] }, ConfigJson.Default.RunConfig), (run with { Devices = [] }).ToJson());
    }

    [TestMethod]
    public void A_setting_is_changed_by_its_name()
    {
        Preset changed = new[] { new SettingsChange("noise_layers", "0"), new("coupling", "spline"), new("average_decay", "null"), new("clip_norm", "1.5"), new("data_constraint", "0.9") }
            .Aggregate(Presets.Mixture, (preset, change) => change.Of(preset));
        Assert.AreEqual(Presets.Mixture.Model with { NoiseLayers = 0, Coupling = CouplingKind.Spline, DataConstraint = 0.9 }, changed.Model);
        Assert.AreEqual(Presets.Mixture.Training with { AverageDecay = null, ClipNorm = 1.5 }, changed.Training);
    }

    [TestMethod]
    [DataRow("noise_layers", "0.5", "a whole number")]
    [DataRow("flow_batch_norm", "1", "true or false")]
    [DataRow("schedule", "0", "Step, Cosine")]
    [DataRow("clip_norm", "", "a number, or null")]
    [DataRow("layers", "null", "a whole number")]
    [DataRow("preset", "mine", "Setting 'preset' is the preset's or the images' own")]
    [DataRow("width", "8", "Setting 'width' is the preset's or the images' own")]
    public void A_change_that_cannot_be_says_what_can(string name, string value, string expected) =>
        OnReference.Throws<ArgumentException>(() => new SettingsChange(name, value).Of(Presets.Mixture), $"'{name}'", expected);

    [TestMethod]
    public void Enumerations_are_written_as_words() =>
        Assert.Contains("\"objective\": \"Exact\"", Presets.Notebook.Training.ToJson());

    [TestMethod]
    public void An_unknown_preset_is_answered_with_the_known_ones() =>
        OnReference.Throws<ArgumentException>(() => Presets.Find("quik"), "'quik'", "quick, spline, spline-large, mixture, affine, notebook");

    [TestMethod]
    public void Model_settings_that_do_not_fit_are_all_named() => OnReference.Throws<ArgumentException>(
        () => (Presets.Quick.Model with { DenseLayers = 0, DenseHidden = 0, Layers = 0, Hidden = -1, Height = 30, DataConstraint = 1 }).Check(),
        "layers must be from 1 to 10000; found 0", "hidden must be from 1 to 100000; found -1", "multiples of 4; found 30 and 28", "data constraint");

    [TestMethod]
    public void Components_belong_to_mixture_couplings()
    {
        OnReference.Throws<ArgumentException>(() => (Presets.Mixture.Model with { Components = 0 }).Check(), "at least 1 component; found 0");
        OnReference.Throws<ArgumentException>(() => (Presets.Notebook.Model with { DenseLayers = 1, DenseHidden = 2 }).Check(), "no dense layers; found 1");
        OnReference.Throws<ArgumentException>(() => (Presets.Affine.Model with { Components = 4 }).Check(), "no mixture couplings; found 4 components");
    }

    [TestMethod]
    public void Bins_belong_to_spline_couplings()
    {
        OnReference.Throws<ArgumentException>(
            () => (Presets.Spline.Model with { Bins = 1, NoiseLayers = 0 }).Check(),
            "from 2 to 500 bins; found 1", "kind Spline has no mixture couplings; found 4 components");
        OnReference.Throws<ArgumentException>(
            () => (Presets.Affine.Model with { Coupling = CouplingKind.Spline, Bins = 4 }).Check(), "no choice of couplings; found Spline", "no spline couplings; found 4 bins");
        OnReference.Throws<ArgumentException>(() => (Presets.Mixture.Model with { Coupling = (CouplingKind)7 }).Check(), "of kind Mixture or Spline; found 7");
    }

    [TestMethod]
    public void Learned_noise_has_mixture_couplings_whatever_the_image_has()
    {
        (Presets.Mixture.Model with { Coupling = CouplingKind.Spline, Bins = 2 }).Check();
        OnReference.Throws<ArgumentException>(() => (Presets.Spline.Model with { Components = 0 }).Check(), "mixture couplings need at least 1 component; found 0");
        OnReference.Throws<ArgumentException>(() => (Presets.Affine.Model with { NoiseLayers = 2 }).Check(), "Squeezed has no noise layers; found 2");
    }

    [TestMethod]
    public void What_an_architecture_must_have_or_has_not_is_no_choice()
    {
        OnReference.Throws<ArgumentException>(
            () => (Presets.Paper.Model with { ActNorm = false, InvertibleConvolution = false, LearnedPrior = false }).Check(),
            "Paper leaves no choice of ActNorm", "no choice of 1x1 convolutions", "no choice of the prior");
        OnReference.Throws<ArgumentException>(() => (Presets.Affine.Model with { LearnedPrior = false }).Check(), "Squeezed leaves no choice of the prior");
    }

    [TestMethod]
    public void Training_settings_that_do_not_fit_are_all_named() => OnReference.Throws<ArgumentException>(
        () => (Presets.Quick.Training with { BatchSize = 0, Epochs = 0, LearningRate = double.NaN, ClipNorm = -1, CosineFrom = 1 }).Check(),
        "batch size must be at least 1; found 0", "epochs", "learning rate", "clip", "cosine begins must be at least 0 and less than 1; found 1");

    [TestMethod]
    public void Settings_that_were_saved_before_there_were_newer_ones_keep_their_meaning()
    {
        Assert.AreEqual(
            Presets.Notebook.Model,
            ModelConfig.FromJson("""{ "preset": "notebook", "architecture": "Notebook", "channels": 1, "height": 28, "width": 28, "layers": 8, "levels": 0, "hidden": 64, "blocks": 0 }"""));
        Assert.AreEqual(
            Presets.Mixture.Model with { DataConstraint = 0.9, NoiseLayers = 0, Blocks = 1 },
            ModelConfig.FromJson("""{ "preset": "mixture", "architecture": "MultiScale", "channels": 1, "height": 28, "width": 28, "layers": 6, "levels": 2, "hidden": 24, "blocks": 1, "components": 4, "noise_layers": 0, "data_constraint": 0.9 }"""));
        Assert.AreEqual(
            Presets.Notebook.Training,
            TrainingConfig.FromJson("""{ "epochs": 50, "batch_size": 64, "learning_rate": 5e-4, "schedule": "Step", "step_epochs": 25, "step_factor": 0.8, "weight_decay": 1e-6, "clip_norm": 1, "l2": 1e-5, "objective": "Exact", "seed": 0 }"""));
    }

    [TestMethod]
    public void A_setting_that_is_missing_has_the_value_that_its_record_declares()
    {
        Assert.AreEqual(new TrainingConfig(), TrainingConfig.FromJson("{}"));
        Assert.AreEqual(new TrainingConfig { LearningRate = 2, ClipNorm = null, Seed = 3 }, TrainingConfig.FromJson("""{ "learning_rate": 2, "clip_norm": null, "seed": 3 }"""));
        const string Model = """{ "preset": "notebook", "architecture": "Notebook", "layers": 8, "hidden": 64 }""";
        Assert.AreEqual(Presets.Notebook.Model, ModelConfig.FromJson(Model));

        RunConfig run = RunConfig.FromJson($$"""{ "model": {{Model}}, "training": { "epochs": 50, "learning_rate": 5e-4 }, "data": { "source": "mini", "sha256": "00" } }""");
        Assert.AreEqual(Presets.Notebook.Model, run.Model);
        Assert.AreEqual(new TrainingConfig { Epochs = 50, LearningRate = 5e-4 }, run.Training);
        run.Training.Check();
    }

    [TestMethod]
    public void A_setting_that_every_text_must_have_is_missed()
    {
        Assert.Contains("layers", Assert.Throws<JsonException>(() => ModelConfig.FromJson("""{ "preset": "notebook", "architecture": "Notebook", "hidden": 64 }""")).Message);
        Assert.Throws<JsonException>(() => TrainingConfig.FromJson("[]"));
        Assert.Throws<JsonException>(() => TrainingConfig.FromJson("null"));
        Assert.Throws<JsonException>(() => TrainingConfig.FromJson("""{ "epochs": 1, "epochs": 2 }"""));
        Assert.Throws<CheckpointException>(() => RunConfig.FromJson("""{ "model": 3 }"""));
        Assert.Contains("model, training and data are needed", Assert.Throws<CheckpointException>(() => RunConfig.FromJson("{}")).Message);
    }

    [TestMethod]
    public void Running_statistics_need_batch_norms_to_keep_them()
    {
        (Presets.PaperBatchNorm.Model with { FlowRunningStatistics = true }).Check();
        OnReference.Throws<ArgumentException>(() => (Presets.Paper.Model with { FlowRunningStatistics = true }).Check(), "set flow_batch_norm too");
    }

    [TestMethod]
    public void Settings_of_another_architecture_are_named() => OnReference.Throws<ArgumentException>(
        () => (Presets.Bjlkeng.Model with { Levels = 2, DenseLayers = 1, DenseHidden = 1, FlowBatchNorm = true, Height = 30, FinalLayers = -1 }).Check(),
        "architecture Keng has no levels; found 2", "no dense layers", "no choice of batch norms", "squeeze 2 times", "multiples of 4; found 30 and 28", "final layers must be at least 0");
}
