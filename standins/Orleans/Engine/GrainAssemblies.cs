using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Orleans.Engine;

/// <summary>
/// The assemblies that may hold grain classes: those that reference this one, whether already loaded, referenced by a loaded one, or beside
/// the program (a compiler drops references that only the container uses).
/// </summary>
internal static class GrainAssemblies
{
    private static readonly string OwnName = typeof(GrainAssemblies).Assembly.GetName().Name!;

    public static IReadOnlyCollection<Assembly> Find()
    {
        Dictionary<string, Assembly> found = [];
        var pending = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => !assembly.IsDynamic));
        foreach (string name in NamesBesideProgram())
        {
            pending.Enqueue(Assembly.Load(new AssemblyName(name)));
        }

        while (pending.TryDequeue(out Assembly? assembly))
        {
            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (references.All(reference => reference.Name != OwnName) || !found.TryAdd(assembly.GetName().Name!, assembly))
            {
                continue;
            }

            foreach (AssemblyName reference in references)
            {
                if (TryLoad(reference) is { } referenced)
                {
                    pending.Enqueue(referenced);
                }
            }
        }

        return found.Values;
    }

    private static IEnumerable<string> NamesBesideProgram() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Where(ReferencesThis).Select(path => Path.GetFileNameWithoutExtension(path)!);

    private static bool ReferencesThis(string path)
    {
        try
        {
            using var file = new PEReader(File.OpenRead(path));
            if (!file.HasMetadata)
            {
                return false;
            }

            MetadataReader metadata = file.GetMetadataReader();
            return metadata.AssemblyReferences.Any(
                reference => metadata.StringComparer.Equals(metadata.GetAssemblyReference(reference).Name, OwnName));
        }
        catch (Exception exception) when (exception is BadImageFormatException or IOException)
        {
            return false; // not a managed assembly, so no grains
        }
    }

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            return null; // a reference that is not deployed is not needed for grains either
        }
    }
}
