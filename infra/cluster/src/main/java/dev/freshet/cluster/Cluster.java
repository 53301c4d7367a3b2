package dev.freshet.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The running cluster. */
public final class Cluster implements AutoCloseable {

  /** How much log a stopped replica or a stopped sync may hold back on the primary's disk. */
  private static final String SLOT_WAL_LIMIT = "4GB";

  private final DataFolder data;
  private final PostgresBinaries binaries;
  private final boolean durable;
  private final PostgresServer primary;
  private final List<PostgresServer> replicas;
  private final List<PostgresServer> readDatabases;
  private @Nullable String succession;

  private Cluster(DataFolder data, PostgresBinaries binaries, ClusterOptions options) {
    this.data = data;
    this.binaries = binaries;
    this.durable = options.durable();
    this.primary = server("primary", options.portBase());
    this.replicas =
        IntStream.rangeClosed(1, options.replicas())
            .mapToObj(n -> server(replicaId(n), options.replicaPort(n)))
            .toList();
    this.readDatabases =
        IntStream.rangeClosed(1, options.readDatabases())
            .mapToObj(n -> server(readDatabaseId(n), options.readDatabasePort(n)))
            .toList();
  }

  /** The name of a replica, counted from 1. */
  public static String replicaId(int number) {
    return "replica-" + number;
  }

  /** The name of a read database, counted from 1. */
  public static String readDatabaseId(int number) {
    return "read-" + number;
  }

  private PostgresServer server(String id, int port) {
    return new PostgresServer(id, data, port, binaries);
  }

  /**
   * Starts the cluster, going on with what its folder holds.
   *
   * @throws ClusterException when it can't, before anything was started where that can be known
   */
  public static Cluster start(ClusterOptions options) {
    DataFolder data = DataFolder.open(options.data());
    try {
      Cluster cluster = new Cluster(data, PostgresBinaries.unpacked(), options);
      cluster.stopWhatAKilledProcessLeft();
      cluster.succession = Succession.settle(data.path()).orElse(null);
      cluster.check();
      try {
        cluster.start();
      } catch (RuntimeException e) {
        cluster.stopServers();
        throw e;
      }
      return cluster;
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
  }

  private void stopWhatAKilledProcessLeft() {
    inParallel(copies(), PostgresServer::stop);
    primary.stop();
    forgottenServers().forEach(PostgresServer::stop);
  }

  private void check() {
    String version = null;
    for (PostgresServer server : servers()) {
      if (server.isInitialised()) {
        version = version == null ? binaries.majorVersion() : version;
        if (!server.folderVersion().equals(version)) {
          throw new ClusterException(
              "%s was made by PostgreSQL %s, and this is PostgreSQL %s. Choose another folder with --data, or move the data with pg_dump."
                  .formatted(server.directory(), server.folderVersion(), version));
        }
      }
      requireFree(server);
    }
  }

  private static void requireFree(PostgresServer server) {
    if (!Ports.isFree(server.port())) {
      throw new ClusterException(
          "Port %d, for PostgreSQL %s, is taken. Stop what listens there, or move all database ports with --database-port-base."
              .formatted(server.port(), server.id()));
    }
  }

  private void start() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Void>> readers =
          readDatabases.stream()
              .map(reader -> CompletableFuture.runAsync(() -> startReadDatabase(reader), threads))
              .toList();
      startPrimary();
      forgetReplicasNoLongerWanted();
      inParallel(replicas, this::startReplica);
      readers.forEach(Cluster::await);
    }
  }

  private void startPrimary() {
    initialiseOnce(primary);
    Map<String, String> settings = sourceSettings();
    // What is decoded is on every replica already, so that none that is promoted lacks it.
    settings.put(
        "synchronized_standby_slots",
        replicas.stream().map(Cluster::slotName).collect(Collectors.joining(",")));
    primary.start(settings);
    createDatabase(primary);
  }

  private void startReadDatabase(PostgresServer reader) {
    initialiseOnce(reader);
    Map<String, String> settings = commonSettings();
    settings.put("wal_level", "minimal");
    settings.put("max_wal_senders", "0");
    reader.start(settings);
    createDatabase(reader);
  }

  private void startReplica(PostgresServer replica) {
    if (!slotReaches(replica) || !replica.isInitialised()) {
      try {
        DataFolder.delete(replica.directory());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      createSlot(replica);
      ReplicaCopy.make(primary, replica);
    }
    Map<String, String> settings = sourceSettings();
    settings.put("hot_standby_feedback", "on");
    settings.put("sync_replication_slots", "on");
    settings.put("primary_slot_name", slotName(replica));
    settings.put(
        "primary_conninfo",
        "host=127.0.0.1 port=%d user=%s dbname=%s application_name=%s passfile=''%s''"
            .formatted(
                primary.port(),
                PostgresServer.SUPERUSER,
                PostgresServer.DATABASE,
                replica.id(),
                data.pgpass()));
    replica.start(settings);
  }

  /** Of the primary, and of whichever replica may become it. */
  private Map<String, String> sourceSettings() {
    Map<String, String> settings = commonSettings();
    settings.put("wal_level", "logical");
    settings.put("max_wal_senders", "40");
    settings.put("max_replication_slots", "40");
    settings.put("max_slot_wal_keep_size", SLOT_WAL_LIMIT);
    settings.put("max_connections", "200");
    return settings;
  }

  private Map<String, String> commonSettings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("shared_buffers", "64MB");
    settings.put("fsync", durable ? "on" : "off");
    settings.put("timezone", "UTC");
    settings.put("log_timezone", "UTC");
    settings.put("log_line_prefix", "%m [%p] %a ");
    settings.put("jit", "off"); // read models are answered in milliseconds; compiling takes longer
    return settings;
  }

  private static void initialiseOnce(PostgresServer server) {
    if (!server.isInitialised()) {
      server.initialise();
    }
  }

  private static void createDatabase(PostgresServer server) {
    try (Connection connection = server.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                "select 1 from pg_database where datname = '" + PostgresServer.DATABASE + "'")) {
      if (!found.next()) {
        statement.execute("create database " + PostgresServer.DATABASE);
      }
    } catch (SQLException e) {
      throw new ClusterException(
          "PostgreSQL %s can't be prepared: %s".formatted(server.id(), e.getMessage()), e);
    }
  }

  private static String slotName(PostgresServer replica) {
    return replica.id().replace('-', '_');
  }

  /** Whether the replica's slot still holds all the log that the replica needs to go on. */
  private boolean slotReaches(PostgresServer replica) {
    return onPrimary(
        "select 1 from pg_replication_slots where slot_name = ? and wal_status <> 'lost'",
        slotName(replica));
  }

  private void createSlot(PostgresServer replica) {
    dropSlot(slotName(replica));
    onPrimary("select pg_create_physical_replication_slot(?, true)", slotName(replica));
  }

  private void dropSlot(String slotName) {
    onPrimary(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ?",
        slotName);
  }

  private boolean onPrimary(String sql, String slotName) {
    try (Connection connection = primary.connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, slotName);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next();
      }
    } catch (SQLException e) {
      throw new ClusterException(
          "The replication slot %s can't be used: %s".formatted(slotName, e.getMessage()), e);
    }
  }

  /**
   * A replica that is no longer asked for is only a copy: its slot would hold back log for ever.
   */
  private void forgetReplicasNoLongerWanted() {
    for (PostgresServer replica : forgottenServers()) {
      if (replica.id().startsWith("replica-")) {
        dropSlot(slotName(replica));
        try {
          DataFolder.delete(replica.directory());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** Servers that the folder holds and the options leave out. */
  private List<PostgresServer> forgottenServers() {
    List<PostgresServer> forgotten = new ArrayList<>();
    try (DirectoryStream<Path> folders =
        Files.newDirectoryStream(data.path(), "{replica,read}-[0-9]*")) {
      for (Path folder : folders) {
        String id = folder.getFileName().toString();
        if (!id.endsWith(".partial") && copies().noneMatch(copy -> copy.id().equals(id))) {
          forgotten.add(server(id, 1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return forgotten;
  }

  /** What became of a replica that was promoted while the cluster ran last; empty without one. */
  public Optional<String> succession() {
    return Optional.ofNullable(succession);
  }

  public PostgresServer primary() {
    return primary;
  }

  public List<PostgresServer> replicas() {
    return replicas;
  }

  public List<PostgresServer> readDatabases() {
    return readDatabases;
  }

  public DataFolder data() {
    return data;
  }

  private Stream<PostgresServer> copies() {
    return Stream.concat(replicas.stream(), readDatabases.stream());
  }

  /** All of them, the primary first. */
  public List<PostgresServer> servers() {
    return Stream.concat(Stream.of(primary), copies()).toList();
  }

  /** Stops replicas and read databases, then the primary. */
  private void stopServers() {
    try {
      inParallel(copies(), PostgresServer::stop);
    } finally {
      primary.stop();
    }
  }

  @Override
  public void close() {
    try {
      stopServers();
    } finally {
      data.close();
    }
  }

  private static void inParallel(Stream<PostgresServer> servers, Step step) {
    inParallel(servers.toList(), step);
  }

  private static void inParallel(List<PostgresServer> servers, Step step) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      servers.stream()
          .map(server -> CompletableFuture.runAsync(() -> step.run(server), threads))
          .toList()
          .forEach(Cluster::await);
    }
  }

  private static void await(CompletableFuture<Void> step) {
    try {
      step.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  @FunctionalInterface
  private interface Step {
    void run(PostgresServer server);
  }
}
