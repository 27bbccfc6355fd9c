using RPort.Gateway.Errors;
using RPort.Gateway.Files;
using RPort.Gateway.Files.Form;

namespace RPort.Gateway.Tests.Files;

public sealed class PushFieldsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Fields_are_read_in_the_forms_scripts_use()
    {
        PushFields fields = Read(("client_id", "a"), ("client_id", "b"), ("client_id", "a"), ("force", "1"), ("sync", "T"), ("lenient", "false"), ("mode", "0744"),
            ("user", "www-data"), ("group", "adm"), ("max_concurrent", "5"), ("id", "up-0001"));

        Assert.Equal(["a", "b"], fields.ClientIds);
        Assert.True(fields.Force);
        Assert.True(fields.Sync);
        Assert.False(fields.Lenient);
        Assert.Equal(484, fields.Mode); // 0744
        Assert.Equal(("www-data", "adm", 5, "up-0001"), (fields.Owner, fields.Group, fields.MaxConcurrent, fields.Id!.Value.Value));
        Assert.Null(fields.ExpiresAt);
    }

    [Theory]
    [InlineData("force", "on", "failed to parse force value on")]
    [InlineData("mode", "8x", "failed to parse file mode value 8x")]
    [InlineData("mode", "77777", "failed to parse file mode value 77777")]
    [InlineData("mode", "-644", "failed to parse file mode value -644")]
    [InlineData("user", "a:b", "invalid user")]
    [InlineData("group", "--reference=/etc/shadow", "invalid group")]
    [InlineData("id", "../../etc/x", "invalid id")]
    [InlineData("id", ".hidden", "invalid id")]
    [InlineData("sha256", "abc", "invalid sha256")]
    [InlineData("max_concurrent", "-1", "failed to parse max_concurrent value -1")]
    [InlineData("tags", "[]", "Invalid JSON data.")]
    [InlineData("tags", "{\"tags\":[\"a\"],\"operator\":\"XOR\"}", "invalid tags operator")]
    [InlineData("tags", "{\"tag\":[\"a\"]}", "Invalid JSON data.")]
    [InlineData("expires", "yesterday", "invalid expires")]
    [InlineData("expires", "-2h", "invalid expires")]
    [InlineData("expires", "0s", "invalid expires")]
    [InlineData("expires", "2025-01-01T00:00:00Z", "invalid expires")]
    [InlineData("expires", "999999999d", "invalid expires")]
    public void A_field_that_makes_no_sense_is_named(string field, string value, string title)
    {
        ApiFailure failure = Assert.Throws<ApiFailureException>(() => Read((field, value))).Failure;

        Assert.Equal((400, title), (failure.Status, failure.Errors[0].Title));
    }

    [Fact]
    public void A_misspelt_field_is_refused_with_the_names_that_are_known()
    {
        ApiError error = Assert.Throws<ApiFailureException>(() => Read(("moed", "0600"))).Failure.Errors[0];
        Assert.Equal("unknown field moed", error.Title);
        Assert.Contains("mode", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_value_of_a_field_that_has_one_is_refused() =>
        Assert.Equal("field mode is given more than once",
            Assert.Throws<ApiFailureException>(() => Read(("mode", "0600"), ("mode", "0644"))).Failure.Errors[0].Title);

    [Fact]
    public void Tags_come_in_one_value() =>
        Assert.Equal("tags form value must only contain a single element",
            Assert.Throws<ApiFailureException>(() => Read(("tags", "{\"tags\":[\"a\"]}"), ("tags", "{\"tags\":[\"b\"]}"))).Failure.Errors[0].Title);

    [Theory]
    [InlineData("2h", 7200)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5h", 5400)]
    [InlineData("90s", 90)]
    [InlineData("2d", 172800)]
    [InlineData("2026-03-14T12:01:00Z", 60)]
    [InlineData("2026-03-14T13:01:00+01:00", 60)]
    public void An_expiry_is_a_duration_or_a_time(string text, double seconds) =>
        Assert.Equal(Now + TimeSpan.FromSeconds(seconds), Read(("expires", text)).ExpiresAt);

    private static PushFields Read(params (string Name, string Value)[] fields)
    {
        var form = new PushForm();
        form.Add("dest", "/tmp/x");
        foreach ((string name, string value) in fields)
        {
            form.Add(name, value);
        }

        return PushFields.From(form, new FilesOptions(), Now);
    }
}
