using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>All grain classes of the process, and which of them serves an interface.</summary>
internal static class GrainClasses
{
    private static readonly Lazy<IReadOnlyList<GrainClass>> Found = new(Find);
    private static readonly Lazy<Dictionary<GrainType, GrainClass>> ByName = new(NameAll);
    private static readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainClass> ByInterface = new();

    public static IReadOnlyList<GrainClass> All => Found.Value;

    public static GrainClass Named(GrainType type) => ByName.Value.TryGetValue(type, out GrainClass? grainClass)
        ? grainClass
        : throw new ArgumentException($"No grain class is named \"{type}\".");

    public static GrainClass For(Type grainInterface, string? classNamePrefix) =>
        ByInterface.GetOrAdd((grainInterface, classNamePrefix), static key => Choose(key.Interface, key.Prefix));

    /// <summary>The grain interfaces that some class implements.</summary>
    public static IEnumerable<Type> Interfaces() => All.SelectMany(grainClass => grainClass.Type.GetInterfaces()).Distinct().Where(IsGrainInterface);

    public static bool IsGrainInterface(Type type) =>
        typeof(IGrain).IsAssignableFrom(type) && type.Assembly != typeof(IGrain).Assembly && !type.ContainsGenericParameters;

    private static GrainClass Choose(Type grainInterface, string? prefix)
    {
        GrainClass[] candidates =
        [
            .. All.Where(candidate => grainInterface.IsAssignableFrom(candidate.Type)
                && (prefix is null || candidate.Type.FullName!.StartsWith(prefix, StringComparison.Ordinal))),
        ];
        return candidates.Length switch
        {
            1 => candidates[0],
            0 => throw new ArgumentException($"Could not find an implementation for interface {grainInterface}"),
            _ => throw new ArgumentException(
                $"Several grain classes implement {grainInterface}: {string.Join(", ", candidates.Select(candidate => candidate.Type.FullName))}. "
                + "Name one by its prefix."),
        };
    }

    private static List<GrainClass> Find() =>
    [
        .. GrainAssemblies.Find()
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
                && typeof(IGrain).IsAssignableFrom(type) && !typeof(GrainReference).IsAssignableFrom(type)
                && typeof(IGrainBase).IsAssignableFrom(type))
            .Select(type => new GrainClass(type)),
    ];

    private static Dictionary<GrainType, GrainClass> NameAll()
    {
        Dictionary<GrainType, GrainClass> named = [];
        foreach (GrainClass grainClass in All)
        {
            if (!named.TryAdd(grainClass.GrainType, grainClass))
            {
                throw new OrleansConfigurationException(
                    $"{grainClass.Type} and {named[grainClass.GrainType].Type} have the same grain type name \"{grainClass.GrainType}\".");
            }
        }

        return named;
    }
}
