using System.Globalization;
using System.Text.Json.Nodes;

namespace RPort.Load.Figures;

/// <summary>The figures of one run, in the order they were found: printed as a table, kept as JSON.</summary>
internal sealed class Report(string scenario)
{
    private readonly List<(string Name, double Value, string Unit)> _rows = [];

    /// <summary>What makes the run a failed one.</summary>
    public Violations Violations { get; } = new();

    public void Add(string name, double value, string unit) => _rows.Add((name, value, unit));

    public void AddPercentiles(string name, Samples samples)
    {
        Add($"{name} p50", samples.Percentile(0.50), "ms");
        Add($"{name} p95", samples.Percentile(0.95), "ms");
        Add($"{name} p99", samples.Percentile(0.99), "ms");
    }

    /// <summary>Takes over what another process saved.</summary>
    public void AddSaved(string path)
    {
        JsonNode all = JsonNode.Parse(File.ReadAllText(path))!;
        foreach ((string name, JsonNode? value) in all["figures"]!.AsObject())
        {
            int unit = name.LastIndexOf(" (", StringComparison.Ordinal);
            bool has = unit > 0 && name.EndsWith(')');
            Add(has ? name[..unit] : name, value!.GetValue<double>(), has ? name[(unit + 2)..^1] : "");
        }

        foreach (JsonNode? violation in all["violations"]!.AsArray())
        {
            Violations.Add(violation!.GetValue<string>());
        }
    }

    public void Print(TextWriter output)
    {
        int width = _rows.Max(static row => row.Name.Length);
        output.WriteLine($"== {scenario}");
        foreach ((string name, double value, string unit) in _rows)
        {
            output.WriteLine($"{name.PadRight(width)}  {Text(value),12} {unit}");
        }

        if (Violations.Count > 0)
        {
            output.WriteLine($"{Violations.Count} violations:");
            foreach (string violation in Violations.Texts)
            {
                output.WriteLine($"  {violation}");
            }
        }
    }

    public void Save(string path)
    {
        JsonObject figures = [];
        foreach ((string name, double value, string unit) in _rows)
        {
            figures[unit.Length > 0 ? $"{name} ({unit})" : name] = Math.Round(value, 3);
        }

        JsonArray violations = [.. Violations.Texts.Select(static text => JsonValue.Create(text))];
        JsonObject all = new() { ["scenario"] = scenario, ["figures"] = figures, ["violations"] = violations };
        File.WriteAllText(path, all.ToJsonString(new() { WriteIndented = true }) + "\n");
    }

    private static string Text(double value) => value.ToString(value == Math.Floor(value) ? "0" : Math.Abs(value) < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);
}
