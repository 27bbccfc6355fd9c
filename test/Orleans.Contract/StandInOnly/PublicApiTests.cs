using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Engine;

namespace RPort.Contract.StandInOnly;

/// <summary>
/// The stand-in is exactly the part of Orleans that the solution uses. Growth shows in <c>standins/Orleans/PublicApi.txt</c>; set
/// UPDATE_PUBLIC_API=1 to write it anew.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    [Fact]
    public void The_public_surface_is_the_listed_one()
    {
        string path = Path.Combine(Root(), "standins", "Orleans", "PublicApi.txt");
        string[] actual = [.. typeof(Silo).Assembly.GetExportedTypes().SelectMany(Describe).Order(StringComparer.Ordinal)];
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1")
        {
            File.WriteAllLines(path, actual);
        }

        Assert.Equal(File.ReadAllLines(path), actual);
    }

    private static IEnumerable<string> Describe(Type type)
    {
        yield return $"{type.FullName} : {Kind(type)} {string.Join(", ", Bases(type))}".TrimEnd();
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield break;
        }

        foreach (MemberInfo member in type.GetMembers(Declared).Where(member => IsVisible(member)
            && !member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is not (Type or MethodInfo { IsSpecialName: true, Name: not "op_Equality" })))
        {
            yield return $"{type.FullName}.{Text(member)}";
        }
    }

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        FieldInfo field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName,
        _ => true,
    };

    private static string Text(MemberInfo member) => member switch
    {
        MethodInfo method => $"{method.Name}{(method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "")}"
            + $"({Parameters(method)}) : {Name(method.ReturnType)}",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        PropertyInfo property => $"{property.Name} : {Name(property.PropertyType)} {{ {(property.CanRead ? "get; " : "")}{(property.CanWrite ? "set; " : "")}}}",
        FieldInfo field => $"{field.Name} : {Name(field.FieldType)}",
        _ => member.ToString()!,
    };

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter => $"{Name(parameter.ParameterType)} {parameter.Name}"));

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;

    private static string Kind(Type type) =>
        type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static IEnumerable<string> Bases(Type type) =>
        (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType ? new[] { Name(parent) } : [])
            .Concat(type.GetInterfaces().Select(Name).Order(StringComparer.Ordinal));

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
