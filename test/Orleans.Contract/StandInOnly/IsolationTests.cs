using Orleans.Concurrency;
using Orleans.Engine;
using Orleans.Runtime;

namespace RPort.Contract.StandInOnly;

/// <summary>
/// Orleans copies what crosses a call; the stand-in shares it, and therefore lets only that cross which is the same either way.
/// </summary>
public sealed class IsolationTests
{
    [Theory]
    [InlineData(typeof(ITurnGrain))]
    [InlineData(typeof(IOutcomeGrain))]
    [InlineData(typeof(INewsObserver))]
    [InlineData(typeof(IGoodMessages))]
    public void Immutable_messages_may_cross(Type type) => MessageContract.Verify(type);

    [Theory]
    [InlineData(typeof(ITakesBytes), "BytesAsync", "Byte[]")]
    [InlineData(typeof(ITakesList), "ListAsync", "List<String>")]
    [InlineData(typeof(IReturnsReadOnlyList), "GetAsync", "IReadOnlyList<String>")]
    [InlineData(typeof(ITakesUnmarked), "UnmarkedAsync", "[GenerateSerializer]")]
    [InlineData(typeof(ITakesMutable), "MutableAsync", "Value can be set later")]
    [InlineData(typeof(ITakesNotImmutable), "NotImmutableAsync", "[Immutable]")]
    [InlineData(typeof(ITakesWithoutId), "WithoutIdAsync", "Extra has no [Id]")]
    [InlineData(typeof(ITakesRepeatedId), "RepeatedIdAsync", "repeats [Id(0)]")]
    [InlineData(typeof(ITakesOpenClass), "OpenClassAsync", "neither sealed nor abstract")]
    [InlineData(typeof(ITakesNested), "NestedAsync", "Byte[]")]
    [InlineData(typeof(ITakesShape), "ShapeAsync", "List<Int32>")]
    [InlineData(typeof(INotATask), "Get", "returns Int32")]
    [InlineData(typeof(IByReference), "RefAsync", "by reference")]
    [InlineData(typeof(IGenericMethod), "GenericAsync", "generic")]
    [InlineData(typeof(IAnsweringObserver), "AskAsync", "returns a result")]
    public void Others_are_refused_with_interface_method_and_type(Type type, string method, string reason)
    {
        OrleansConfigurationException refusal = Assert.Throws<OrleansConfigurationException>(() => MessageContract.Verify(type));
        Assert.Contains($"{type.FullName}.{method}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    public interface IGoodMessages : IGrainWithStringKey
    {
        Task<(int, string)> TupleAsync(DateTimeOffset? at, DayOfWeek day, Uri uri, Tree tree, Shape2 shape, CancellationToken token);

        [OneWay]
        Task OneWayAsync(System.Collections.Immutable.ImmutableDictionary<string, Leaf> leaves);
    }

    public interface ITakesBytes : IGrainWithStringKey
    {
        Task BytesAsync(byte[] bytes);
    }

    public interface ITakesList : IGrainWithStringKey
    {
        Task ListAsync(List<string> list);
    }

    public interface IReturnsReadOnlyList : IGrainWithStringKey
    {
        Task<IReadOnlyList<string>> GetAsync();
    }

    public interface ITakesUnmarked : IGrainWithStringKey
    {
        Task UnmarkedAsync(Unmarked value);
    }

    public interface ITakesMutable : IGrainWithStringKey
    {
        Task MutableAsync(Mutable value);
    }

    public interface ITakesNotImmutable : IGrainWithStringKey
    {
        Task NotImmutableAsync(NotImmutable value);
    }

    public interface ITakesWithoutId : IGrainWithStringKey
    {
        Task WithoutIdAsync(WithoutId value);
    }

    public interface ITakesRepeatedId : IGrainWithStringKey
    {
        Task RepeatedIdAsync(RepeatedId value);
    }

    public interface ITakesOpenClass : IGrainWithStringKey
    {
        Task OpenClassAsync(OpenClass value);
    }

    public interface ITakesNested : IGrainWithStringKey
    {
        Task NestedAsync(System.Collections.Immutable.ImmutableArray<Nested> value);
    }

    public interface ITakesShape : IGrainWithStringKey
    {
        Task ShapeAsync(Shape value);
    }

    public interface INotATask : IGrainWithStringKey
    {
        int Get();
    }

    public interface IByReference : IGrainWithStringKey
    {
        Task RefAsync(ref int value);
    }

    public interface IGenericMethod : IGrainWithStringKey
    {
        Task GenericAsync<T>(T value);
    }

    public interface IAnsweringObserver : IGrainObserver
    {
        Task<int> AskAsync();
    }

    [GenerateSerializer]
    [Immutable]
    public sealed record Leaf([property: Id(0)] string Name);

    [GenerateSerializer]
    [Immutable]
    public sealed record Tree([property: Id(0)] Leaf Leaf, [property: Id(1)] Tree? Child)
    {
        public string Computed => Leaf.Name + Child?.Computed;
    }

    [GenerateSerializer]
    [Immutable]
    public abstract record Shape2([property: Id(0)] int Sides);

    [GenerateSerializer]
    [Immutable]
    public sealed record Square2([property: Id(0)] double Side)
        : Shape2(4);

    [GenerateSerializer]
    [Immutable]
    public abstract record Shape([property: Id(0)] int Sides);

    [GenerateSerializer]
    [Immutable]
    public sealed record Blob([property: Id(0)] List<int> Points)
        : Shape(0);

    public sealed record Unmarked(int Value);

    [GenerateSerializer]
    [Immutable]
    public sealed record Mutable
    {
        [Id(0)]
        public int Value { get; set; }
    }

    [GenerateSerializer]
    public sealed record NotImmutable([property: Id(0)] int Value);

    [GenerateSerializer]
    [Immutable]
    public sealed record WithoutId([property: Id(0)] int Value)
    {
        public string? Extra { get; init; }
    }

    [GenerateSerializer]
    [Immutable]
    public sealed record RepeatedId
    {
        [Id(0)]
        public int One { get; init; }

        [Id(0)]
        public int Two { get; init; }
    }

    [GenerateSerializer]
    [Immutable]
    public record OpenClass([property: Id(0)] int Value);

    [GenerateSerializer]
    [Immutable]
    public sealed record Nested([property: Id(0)] byte[] Bytes);
}
