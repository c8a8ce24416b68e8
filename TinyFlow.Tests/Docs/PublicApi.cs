using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TinyFlow.Tests.Docs;

/// <summary>
/// What other assemblies can see of some assemblies, one line a type or member, sorted. What the compiler adds to records
/// is left out, and so are the marks of nullable references.
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
    };

    public static string[] Describe(params Assembly[] assemblies) =>
        [.. assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => !IsUnspeakable(type)).SelectMany(OfType).Distinct().Order(StringComparer.Ordinal)];

    // The compiler keeps a second copy of an extension block's members in types that no program can name.
    private static bool IsUnspeakable(Type type) => type.Name.StartsWith('<') || (type.DeclaringType is { } outer && IsUnspeakable(outer));

    private static IEnumerable<string> OfType(Type type)
    {
        string name = FullName(type);
        yield return $"{name} : {Kind(type)}{Bases(type)}";
        if (type.IsEnum)
        {
            foreach (FieldInfo value in type.GetFields(BindingFlags.Public | BindingFlags.Static))
            {
                yield return $"{name}.{value.Name} = {Convert.ToInt64(value.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
            }

            yield break;
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            yield return $"{name}({Parameters(invoke)}) : {Name(invoke.ReturnType)}";
            yield break;
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(constructor => IsVisible(constructor) && !constructor.IsStatic))
        {
            yield return $"{name}.new({Parameters(constructor)})";
        }

        foreach (FieldInfo field in type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
        {
            string value = field.IsLiteral ? $" = {Value(field.GetRawConstantValue())}" : "";
            yield return $"{name}.{field.Name} : {(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{Name(field.FieldType)}{value}";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared).Where(property => !IsGenerated(property)))
        {
            MethodInfo[] accessors = [.. new[] { property.GetMethod, property.SetMethod }.OfType<MethodInfo>().Where(IsVisible)];
            if (accessors.Length > 0)
            {
                string index = property.GetIndexParameters().Length > 0 ? $"[{Parameters(property.GetIndexParameters())}]" : "";
                yield return $"{name}.{property.Name}{index} : {Modifiers(accessors[0])}{Name(property.PropertyType)} {{ {string.Join(' ', accessors.Select(Accessor))} }}";
            }
        }

        foreach (EventInfo happening in type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)))
        {
            yield return $"{name}.{happening.Name} : event {Name(happening.EventHandlerType!)}";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(method => IsVisible(method) && !IsGenerated(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
            yield return $"{name}.{method.Name}{generic}({Parameters(method)}) : {Modifiers(method)}{Name(method.ReturnType)}{Constraints(method)}";
        }
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type.IsValueType ? type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly struct" : "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string Bases(Type type)
    {
        if (type.IsEnum || typeof(Delegate).IsAssignableFrom(type))
        {
            return "";
        }

        Type? parent = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? b : null;
        string[] names = [.. parent is null ? [] : new[] { Name(parent) }, .. type.GetInterfaces().Where(i => i.IsVisible).Select(Name).Order(StringComparer.Ordinal)];
        return names.Length == 0 ? "" : $" : {string.Join(", ", names)}";
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute)) || member is PropertyInfo { Name: "EqualityContract" };

    private static string Modifiers(MethodInfo method) =>
        (method.IsPublic ? "" : "protected ")
        + (method.IsStatic ? "static " : "")
        + (method.DeclaringType!.IsInterface ? !method.IsAbstract && !method.IsStatic ? "default " : ""
            : method.IsAbstract ? "abstract "
            : !method.IsVirtual || method.IsFinal ? ""
            : method.GetBaseDefinition() == method ? "virtual " : "override ");

    private static string Accessor(MethodInfo accessor) => accessor switch
    {
        _ when accessor.ReturnType != typeof(void) => "get;",
        _ when accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) => "init;",
        _ => "set;",
    };

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + Parameters(method.GetParameters());

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "")
        + (parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "")
        + $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Value(parameter.RawDefaultValue)}" : "")}"));

    private static string Constraints(MethodInfo method) => !method.IsGenericMethod ? "" : string.Concat(method.GetGenericArguments()
        .Select(argument => (argument.Name, Names: argument.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)).Select(Name).Order(StringComparer.Ordinal).ToArray()))
        .Where(argument => argument.Names.Length > 0)
        .Select(argument => $" where {argument.Name} : {string.Join(", ", argument.Names)}"));

    private static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string FullName(Type type) =>
        type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{FullName(outer)}.{Name(type)}"
        : type.Namespace is { } space ? $"{space}.{Name(type)}"
        : Name(type);

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsPointer)
        {
            return Name(type.GetElementType()!) + "*";
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        string name = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
