using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>
/// Emits, for an interface, a reference class whose methods pack their arguments into a call, and per method a call class that unpacks them:
/// <code>
/// class IPing_Add : ValueCall&lt;int&gt; { int a0; int a1; override Task Start(object target) => ((IPing)target).Add(a0, a1); }
/// class IPing_Reference : GrainReference, IPing { Task&lt;int&gt; Add(int x, int y) => Send(new IPing_Add { a0 = x, a1 = y }, 0); }
/// </code>
/// </summary>
internal static class ReferenceEmitter
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly AssemblyBuilder Assembly =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("RPort.Standins.Orleans.References"), AssemblyBuilderAccess.Run);

    private static readonly ModuleBuilder Module = Assembly.DefineDynamicModule("References");
    private static readonly ConstructorInfo MaySeeInternals = DefineMaySeeInternals();
    private static readonly HashSet<string> Opened = [];
    private static readonly Type[] ReferenceArguments = [typeof(Silo), typeof(GrainId), typeof(GrainInterface), typeof(ICallTarget)];
    private static int _count;

    /// <summary>One caller at a time.</summary>
    public static Func<Silo, GrainId, GrainInterface, ICallTarget?, GrainReference> Emit(Type grainInterface, MethodInfo[] methods)
    {
        Open(typeof(ReferenceEmitter).Assembly);
        Open(grainInterface.Assembly);
        string name = $"{grainInterface.FullName!.Replace('+', '.')}_{_count++}";
        TypeBuilder reference = Module.DefineType($"{name}_Reference", TypeAttributes.Class | TypeAttributes.Sealed, typeof(GrainReference), [grainInterface]);
        DefineConstructor(reference);
        for (int index = 0; index < methods.Length; index++)
        {
            DefineMethod(reference, methods[index], index, DefineCall($"{name}_{index}_{methods[index].Name}", methods[index]));
        }

        ConstructorInfo constructor = reference.CreateType().GetConstructor(Members, ReferenceArguments)!;
        return Factory(constructor);
    }

    private static Func<Silo, GrainId, GrainInterface, ICallTarget?, GrainReference> Factory(ConstructorInfo constructor)
    {
        var factory = new DynamicMethod("New", typeof(GrainReference), ReferenceArguments, typeof(ReferenceEmitter).Module, skipVisibility: true);
        ILGenerator il = factory.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Newobj, constructor);
        il.Emit(OpCodes.Ret);
        return factory.CreateDelegate<Func<Silo, GrainId, GrainInterface, ICallTarget?, GrainReference>>();
    }

    private static void DefineConstructor(TypeBuilder reference)
    {
        ILGenerator il = reference.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, ReferenceArguments).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        for (byte argument = 1; argument <= ReferenceArguments.Length; argument++)
        {
            il.Emit(OpCodes.Ldarg_S, argument);
        }

        il.Emit(OpCodes.Call, typeof(GrainReference).GetConstructor(Members, ReferenceArguments)!);
        il.Emit(OpCodes.Ret);
    }

    private static (ConstructorInfo Constructor, FieldInfo[] Fields) DefineCall(string name, MethodInfo method)
    {
        Type[] arguments = ArgumentsOf(method);
        TypeBuilder call = Module.DefineType(name, TypeAttributes.Class | TypeAttributes.Sealed, CallBase(method.ReturnType));
        FieldInfo[] fields = [.. arguments.Select((type, index) => call.DefineField($"a{index}", type, FieldAttributes.Public))];
        ConstructorInfo constructor = call.DefineDefaultConstructor(MethodAttributes.Public);
        DefineStart(call, method, fields);
        if (Array.IndexOf(arguments, typeof(CancellationToken)) is var token and >= 0)
        {
            DefineToken(call, fields[token]);
        }

        call.CreateType();
        return (constructor, fields);
    }

    private static void DefineStart(TypeBuilder call, MethodInfo method, FieldInfo[] fields)
    {
        ILGenerator il = Override(call, typeof(GrainCall).GetMethod(nameof(GrainCall.Start))!);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Castclass, method.DeclaringType!);
        foreach (FieldInfo field in fields)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, field);
        }

        il.Emit(OpCodes.Callvirt, method);
        if (method.ReturnType == typeof(void))
        {
            il.Emit(OpCodes.Call, typeof(Task).GetProperty(nameof(Task.CompletedTask))!.GetMethod!);
        }
        else if (method.ReturnType.IsValueType)
        {
            LocalBuilder result = il.DeclareLocal(method.ReturnType);
            il.Emit(OpCodes.Stloc, result);
            il.Emit(OpCodes.Ldloca, result);
            il.Emit(OpCodes.Call, method.ReturnType.GetMethod(nameof(ValueTask.AsTask))!);
        }

        il.Emit(OpCodes.Ret);
    }

    private static void DefineToken(TypeBuilder call, FieldInfo field)
    {
        PropertyInfo token = typeof(GrainCall).GetProperty(nameof(GrainCall.Token))!;
        ILGenerator get = Override(call, token.GetMethod!);
        get.Emit(OpCodes.Ldarg_0);
        get.Emit(OpCodes.Ldfld, field);
        get.Emit(OpCodes.Ret);
        ILGenerator set = Override(call, token.SetMethod!);
        set.Emit(OpCodes.Ldarg_0);
        set.Emit(OpCodes.Ldarg_1);
        set.Emit(OpCodes.Stfld, field);
        set.Emit(OpCodes.Ret);
    }

    private static void DefineMethod(TypeBuilder reference, MethodInfo method, int index, (ConstructorInfo Constructor, FieldInfo[] Fields) call)
    {
        Type[] arguments = ArgumentsOf(method);
        const MethodAttributes Explicit = MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.NewSlot;
        MethodBuilder implementation = reference.DefineMethod(
            $"{method.DeclaringType!.FullName}.{method.Name}", Explicit, method.ReturnType, arguments);
        ILGenerator il = implementation.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Newobj, call.Constructor);
        for (int argument = 0; argument < arguments.Length; argument++)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldarg, (short)(argument + 1));
            il.Emit(OpCodes.Stfld, call.Fields[argument]);
        }

        il.Emit(OpCodes.Ldc_I4, index);
        Type result = ResultOf(method.ReturnType);
        il.Emit(OpCodes.Call, typeof(GrainReference).GetMethod(nameof(GrainReference.Send), Members)!.MakeGenericMethod(result));
        if (method.ReturnType == typeof(void))
        {
            il.Emit(OpCodes.Pop);
        }
        else if (method.ReturnType.IsValueType)
        {
            Type task = method.ReturnType == typeof(ValueTask) ? typeof(Task) : typeof(Task<>).MakeGenericType(result);
            il.Emit(OpCodes.Newobj, method.ReturnType.GetConstructor([task])!);
        }

        il.Emit(OpCodes.Ret);
        reference.DefineMethodOverride(implementation, method);
    }

    private static ILGenerator Override(TypeBuilder type, MethodInfo method)
    {
        MethodBuilder body = type.DefineMethod(
            method.Name,
            MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig,
            method.ReturnType,
            ArgumentsOf(method));
        type.DefineMethodOverride(body, method);
        return body.GetILGenerator();
    }

    private static Type CallBase(Type returnType) =>
        returnType.IsGenericType ? typeof(ValueCall<>).MakeGenericType(returnType.GetGenericArguments()) : typeof(PlainCall);

    private static Type ResultOf(Type returnType) => returnType.IsGenericType ? returnType.GetGenericArguments()[0] : typeof(object);

    private static Type[] ArgumentsOf(MethodInfo method) => [.. method.GetParameters().Select(parameter => parameter.ParameterType)];

    // Interfaces and messages may be internal. The runtime honours this attribute, which it knows by name.
    private static void Open(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        if (Opened.Add(name))
        {
            Assembly.SetCustomAttribute(new CustomAttributeBuilder(MaySeeInternals, [name]));
        }
    }

    private static ConstructorInfo DefineMaySeeInternals()
    {
        TypeBuilder attribute = Module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute", TypeAttributes.Class | TypeAttributes.Public, typeof(Attribute));
        ConstructorBuilder constructor = attribute.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(string)]);
        ILGenerator il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(Members, Type.EmptyTypes)!);
        il.Emit(OpCodes.Ret);
        return attribute.CreateType().GetConstructor([typeof(string)])!;
    }
}
