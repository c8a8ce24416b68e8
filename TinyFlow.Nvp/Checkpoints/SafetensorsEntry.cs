namespace TinyFlow.Nvp.Checkpoints;

/// <summary>What a safetensors header says about one tensor.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Type">The format of its elements.</param>
/// <param name="Shape">The sizes of its axes.</param>
/// <param name="Begin">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
public sealed record SafetensorsEntry(string Name, ElementType Type, Shape Shape, long Begin, long End);
