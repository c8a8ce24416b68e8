using System.Runtime.CompilerServices;

// All imports pass what native code sees as it is.
[assembly: DisableRuntimeMarshalling]
