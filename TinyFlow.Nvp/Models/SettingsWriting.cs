using System.Buffers;
using System.Text;
using System.Text.Json;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Writes settings as <see cref="ConfigJson"/> would, member by member. The serializer is generic over each kind of value,
/// and nobody has compiled it for ours ahead of time: 800 methods, which would be compiled before a program's first step.
/// </summary>
internal static class SettingsWriting
{
    public static string ToJson(ModelConfig model) => Text(json => Write(json, model));

    public static string ToJson(TrainingConfig training) => Text(json => Write(json, training));

    public static string ToJson(RunConfig run) => Text(json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("model");
        Write(json, run.Model);
        json.WritePropertyName("training");
        Write(json, run.Training);
        json.WriteStartObject("data");
        json.WriteString("source", run.Data.Source);
        json.WriteString("sha256", run.Data.Sha256);
        json.WriteEndObject();
        json.WriteStartArray("devices");
        foreach (DeviceUse use in run.Devices)
        {
            json.WriteStartObject();
            json.WriteNumber("from_step", use.FromStep);
            json.WriteString("device", use.Device);
            json.WriteString("products", use.Products);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static string Text(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, ModelConfig model)
    {
        json.WriteStartObject();
        json.WriteString("preset", model.Preset);
        json.WriteString("architecture", $"{model.Architecture}");
        json.WriteNumber("channels", model.Channels);
        json.WriteNumber("height", model.Height);
        json.WriteNumber("width", model.Width);
        json.WriteNumber("layers", model.Layers);
        json.WriteNumber("final_layers", model.FinalLayers);
        json.WriteNumber("levels", model.Levels);
        json.WriteNumber("hidden", model.Hidden);
        json.WriteNumber("blocks", model.Blocks);
        json.WriteString("coupling", $"{model.Coupling}");
        json.WriteNumber("components", model.Components);
        json.WriteNumber("bins", model.Bins);
        json.WriteNumber("noise_layers", model.NoiseLayers);
        json.WriteNumber("dense_layers", model.DenseLayers);
        json.WriteNumber("dense_hidden", model.DenseHidden);
        json.WriteBoolean("act_norm", model.ActNorm);
        json.WriteBoolean("invertible_convolution", model.InvertibleConvolution);
        json.WriteBoolean("learned_prior", model.LearnedPrior);
        json.WriteBoolean("flow_batch_norm", model.FlowBatchNorm);
        json.WriteBoolean("flow_running_statistics", model.FlowRunningStatistics);
        Write(json, "data_constraint", model.DataConstraint);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TrainingConfig training)
    {
        json.WriteStartObject();
        json.WriteNumber("epochs", training.Epochs);
        Write(json, "max_steps", training.MaxSteps);
        Write(json, "budget_seconds", training.BudgetSeconds);
        json.WriteNumber("batch_size", training.BatchSize);
        json.WriteBoolean("horizontal_flips", training.HorizontalFlips);
        json.WriteString("optimizer", $"{training.Optimizer}");
        json.WriteNumber("learning_rate", training.LearningRate);
        json.WriteString("schedule", $"{training.Schedule}");
        json.WriteNumber("cosine_from", training.CosineFrom);
        Write(json, "step_epochs", training.StepEpochs);
        json.WriteNumber("step_factor", training.StepFactor);
        json.WriteNumber("warm_up_steps", training.WarmUpSteps);
        Write(json, "average_decay", training.AverageDecay);
        json.WriteNumber("weight_decay", training.WeightDecay);
        Write(json, "clip_norm", training.ClipNorm);
        json.WriteString("groups", $"{training.Groups}");
        json.WriteNumber("l2", training.L2);
        json.WriteString("penalty", $"{training.Penalty}");
        json.WriteString("objective", $"{training.Objective}");
        json.WriteString("memory", $"{training.Memory}");
        json.WriteNumber("seed", training.Seed);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
