global using RPort.Silo.Configuration;
