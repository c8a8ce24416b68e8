namespace TinyFlow.Cpu.Convolutions;

/// <summary>A small number that is a constant to the compiler, so that one source makes a kernel for each block size.</summary>
internal interface INumberOf
{
    static abstract int Count { get; }
}

internal readonly struct One : INumberOf
{
    public static int Count => 1;
}

internal readonly struct Two : INumberOf
{
    public static int Count => 2;
}

internal readonly struct Three : INumberOf
{
    public static int Count => 3;
}

internal readonly struct Four : INumberOf
{
    public static int Count => 4;
}

internal readonly struct Five : INumberOf
{
    public static int Count => 5;
}

internal readonly struct Six : INumberOf
{
    public static int Count => 6;
}
