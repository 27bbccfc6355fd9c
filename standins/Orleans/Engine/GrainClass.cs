using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>A grain class: its name in identities, how it takes calls, and how it is made.</summary>
internal sealed class GrainClass
{
    private const string Suffix = "grain";

    private static readonly MethodInfo CreateStateMethod =
        typeof(GrainClass).GetMethod(nameof(CreateState), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly ObjectFactory _factory;
    private readonly Func<Activation, object>[] _states;

    public GrainClass(Type type)
    {
        Type = type;
        GrainType = NameOf(type);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        ParameterInfo[] states = [.. StatesOf(type)];
        _factory = ActivatorUtilities.CreateFactory(type, [.. states.Select(state => state.ParameterType)]);
        _states = [.. states.Select(StateFactory)];
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool IsReentrant { get; }

    public static GrainType NameOf(Type type)
    {
        string name = type.Name.ToLowerInvariant();
        return GrainType.Create(name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Suffix.Length ? name[..^Suffix.Length] : name);
    }

    /// <summary>Makes the grain object, with its state and services. In a turn of the activation.</summary>
    public object Create(Activation activation) =>
        _factory(activation.ActivationServices, Array.ConvertAll(_states, state => state(activation)));

    private static IEnumerable<ParameterInfo> StatesOf(Type type) =>
        type.GetConstructors()
            .Select(constructor => constructor.GetParameters().Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute))).ToArray())
            .FirstOrDefault(states => states.Length > 0) ?? [];

    private static Func<Activation, object> StateFactory(ParameterInfo parameter)
    {
        Type state = parameter.ParameterType;
        if (!state.IsGenericType || state.GetGenericTypeDefinition() != typeof(IPersistentState<>))
        {
            throw new OrleansConfigurationException(
                $"Parameter {parameter.Name} of {parameter.Member.DeclaringType} has [PersistentState] and is no IPersistentState<T>.");
        }

        var attribute = parameter.GetCustomAttribute<PersistentStateAttribute>()!;
        var create = CreateStateMethod.MakeGenericMethod(state.GetGenericArguments())
            .CreateDelegate<Func<Activation, string, string?, object>>();
        return activation => create(activation, attribute.StateName, attribute.StorageName);
    }

    private static PersistentState<T> CreateState<T>(Activation activation, string stateName, string? storageName) =>
        new(activation, stateName, storageName);
}
