using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>Which types may cross a grain call, and why others may not.</summary>
internal static class MessageTypes
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly FrozenSet<Type> Plain = new[]
    {
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(TimeSpan), typeof(Int128), typeof(UInt128), typeof(Half), typeof(Uri), typeof(Version), typeof(IPAddress), typeof(GrainId),
        typeof(GrainType), typeof(IdSpan),
    }.ToFrozenSet();

    private static readonly FrozenSet<Type> Containers = new[]
    {
        typeof(Nullable<>), typeof(KeyValuePair<,>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedSet<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>), typeof(ImmutableDictionary<,>),
        typeof(ImmutableSortedDictionary<,>),
    }.ToFrozenSet();

    private static readonly ConcurrentDictionary<Type, string?> Problems = new();

    /// <summary>What is wrong with the type, or null.</summary>
    public static string? ProblemOf(Type type) => Problems.TryGetValue(type, out string? known) ? known : Problems[type] = Find(type, []);

    public static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.Name;

    private static string? Find(Type type, HashSet<Type> seen)
    {
        if (type.IsPrimitive || type.IsEnum || Plain.Contains(type) || typeof(IAddressable).IsAssignableFrom(type) || !seen.Add(type))
        {
            return null;
        }

        if (type.IsArray)
        {
            return "an array can change; use an ImmutableArray, and send bytes past the grains";
        }

        if (type.IsGenericType && (Containers.Contains(type.GetGenericTypeDefinition()) || typeof(ITuple).IsAssignableFrom(type)))
        {
            return type.GetGenericArguments().Select(argument => Of(argument, seen)).FirstOrDefault(problem => problem is not null);
        }

        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            return "it has no [GenerateSerializer]" + (type.IsInterface ? "; of collections only the immutable ones may be sent" : "");
        }

        if (!type.IsDefined(typeof(ImmutableAttribute), inherit: false))
        {
            return "it has no [Immutable]";
        }

        return OfHierarchy(type, seen) ?? OfMembers(type, seen);
    }

    private static string? Of(Type type, HashSet<Type> seen) => Find(type, seen) is { } problem ? $"{NameOf(type)}: {problem}" : null;

    private static string? OfHierarchy(Type type, HashSet<Type> seen)
    {
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && Of(parent, seen) is { } inherited)
        {
            return inherited;
        }

        if (type.IsSealed)
        {
            return null;
        }

        return !type.IsAbstract
            ? "it is neither sealed nor abstract"
            : type.Assembly.GetTypes().Where(derived => derived.IsSubclassOf(type))
                .Select(derived => Of(derived, seen)).FirstOrDefault(problem => problem is not null);
    }

    private static string? OfMembers(Type type, HashSet<Type> seen)
    {
        HashSet<uint> ids = [];
        foreach (PropertyInfo property in type.GetProperties(Declared).Where(IsAutomatic))
        {
            string? problem = property.SetMethod is { } set && !IsInitOnly(set)
                ? $"property {property.Name} can be set later"
                : OfId(type, property, ids) ?? Of(property.PropertyType, seen);
            if (problem is not null)
            {
                return problem;
            }
        }

        foreach (FieldInfo field in type.GetFields(Declared).Where(field => !field.IsDefined(typeof(CompilerGeneratedAttribute))))
        {
            string? problem = field.IsInitOnly ? OfId(type, field, ids) ?? Of(field.FieldType, seen) : $"field {field.Name} is not readonly";
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? OfId(Type type, MemberInfo member, HashSet<uint> ids)
    {
        if (member.GetCustomAttribute<IdAttribute>() is { } id)
        {
            return ids.Add(id.Id) ? null : $"{member.Name} repeats [Id({id.Id})]";
        }

        // Orleans numbers the parameters of a record by itself; of everything else, what has no [Id] is silently left behind.
        return IsRecordParameter(type, member) || member.IsDefined(typeof(NonSerializedAttribute)) ? null : $"{member.Name} has no [Id]";
    }

    private static bool IsRecordParameter(Type type, MemberInfo member) =>
        type.GetMethod("PrintMembers", Declared) is not null
        && type.GetConstructors(Declared).Any(constructor => constructor.GetParameters().Any(parameter => parameter.Name == member.Name));

    private static bool IsAutomatic(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", Declared) is not null;

    private static bool IsInitOnly(MethodInfo set) =>
        set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
}
