namespace TinyFlow.Cli;

/// <summary>The device failed in the middle of work; the message says what is left and how to go on.</summary>
internal sealed class DeviceFailedException(string message, Exception inner) : Exception(message, inner);
