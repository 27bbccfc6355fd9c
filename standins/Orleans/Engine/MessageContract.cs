using System.Reflection;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// Checks that an interface means the same here, where arguments and results are shared, as in a cluster, where they are copied and sent:
/// all that crosses a call is immutable and can be serialized. The exception names interface, method and type.
/// </summary>
internal static class MessageContract
{
    /// <summary>Checks the interfaces and the observer interfaces that their methods take.</summary>
    public static void VerifyAll(IEnumerable<Type> grainInterfaces)
    {
        Type[] interfaces = [.. grainInterfaces];
        IEnumerable<Type> observers = interfaces.SelectMany(MethodsOf)
            .SelectMany(method => method.GetParameters())
            .Select(parameter => parameter.ParameterType)
            .Where(type => typeof(IGrainObserver).IsAssignableFrom(type));
        foreach (Type grainInterface in interfaces.Concat(observers).Distinct())
        {
            Verify(grainInterface);
        }
    }

    public static void Verify(Type grainInterface)
    {
        List<string> complaints = [];
        foreach (MethodInfo method in MethodsOf(grainInterface))
        {
            void Complain(string what) => complaints.Add($"{grainInterface.FullName}.{method.Name}: {what}");
            VerifyMethod(grainInterface, method, Complain);
        }

        if (complaints.Count > 0)
        {
            throw new OrleansConfigurationException(new StringBuilder("Grain calls of ").Append(grainInterface.FullName)
                .Append(" would not mean the same in a cluster:").AppendJoin("", complaints.Select(complaint => $"\n- {complaint}")).ToString());
        }
    }

    /// <summary>All methods of the interface and those it extends.</summary>
    public static IEnumerable<MethodInfo> MethodsOf(Type grainInterface) =>
        grainInterface.GetInterfaces().Prepend(grainInterface)
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public))
            .Where(method => method.IsAbstract);

    private static void VerifyMethod(Type grainInterface, MethodInfo method, Action<string> complain)
    {
        if (method.IsGenericMethodDefinition || method.IsSpecialName)
        {
            complain("generic methods, properties and events cannot be called on a grain");
            return;
        }

        VerifyReturn(grainInterface, method.ReturnType, complain);
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            if (parameter.ParameterType.IsByRef)
            {
                complain($"parameter {parameter.Name} is passed by reference");
            }
            else if (parameter.ParameterType != typeof(CancellationToken))
            {
                VerifyType(parameter.ParameterType, $"parameter {parameter.Name}", complain);
            }
        }
    }

    private static void VerifyReturn(Type grainInterface, Type type, Action<string> complain)
    {
        bool observer = typeof(IGrainObserver).IsAssignableFrom(grainInterface);
        if (type == typeof(Task) || type == typeof(ValueTask) || type == typeof(void))
        {
            return;
        }

        if (!type.IsGenericType || (type.GetGenericTypeDefinition() != typeof(Task<>) && type.GetGenericTypeDefinition() != typeof(ValueTask<>)))
        {
            complain($"returns {MessageTypes.NameOf(type)}; a grain method returns a task or nothing");
        }
        else if (observer)
        {
            complain("returns a result; an observer method returns a task without one, or nothing");
        }
        else
        {
            VerifyType(type.GetGenericArguments()[0], "the result", complain);
        }
    }

    private static void VerifyType(Type type, string where, Action<string> complain)
    {
        if (MessageTypes.ProblemOf(type) is { } problem)
        {
            complain($"{where} is {MessageTypes.NameOf(type)}: {problem}");
        }
    }
}
