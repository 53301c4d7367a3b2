package dev.freshet.local.cli;

import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.OperatorGate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One part alone, against databases and backends of one's own. */
final class PartCommands {

  private PartCommands() {}

  @Command(name = "gateway", description = "Runs a gateway alone, until Ctrl-C.")
  static final class GatewayCommand implements Callable<Integer> {

    @Mixin private PartMixin part = new PartMixin();

    @Option(
        names = "--config",
        paramLabel = "DIR",
        required = true,
        description = "Folder that holds routes.yaml.")
    private Path config = Path.of(".");

    @Option(
        names = "--port",
        description = "Port for clients (default: ${DEFAULT-VALUE}).",
        defaultValue = "8080")
    private int port;

    @Option(
        names = "--operator-port",
        description = "Port for operators (default: ${DEFAULT-VALUE}).",
        defaultValue = "8081")
    private int operatorPort;

    @Option(
        names = "--operator-listen",
        paramLabel = "ADDRESS",
        description = "Address for operators (default: ${DEFAULT-VALUE}).",
        defaultValue = "127.0.0.1")
    private String operatorListen = "127.0.0.1";

    @Mixin private OperatorToken operatorToken = new OperatorToken();

    @Option(
        names = "--session-keys",
        paramLabel = "FILE",
        description = {
          "Keys that session tokens are signed with, one a line as ID:BASE64; the first signs.",
          "FRESHET_SESSION_KEYS_TEXT may hold the keys themselves."
        })
    private @Nullable Path sessionKeys;

    @Option(
        names = "--data",
        paramLabel = "DIR",
        description =
            "Folder for the session key that the gateway makes if none is given (default: ${DEFAULT-VALUE}).",
        defaultValue = ".freshet")
    private Path data = Path.of(".freshet");

    @Option(
        names = "--trusted-proxies",
        paramLabel = "CIDR",
        split = ",",
        description =
            "Networks of proxies before the gateway whose X-Forwarded-… headers count, such as 10.0.0.0/8.")
    private List<String> trustedProxies = List.of();

    @Option(
        names = "--insecure",
        description =
            "Beyond loopback, take routes that don't say who may use them (access) for public.")
    private boolean insecure;

    @Mixin private Access access = new Access();

    @Mixin private TlsFiles tls = new TlsFiles();

    @Mixin private ClientLimits limits = new ClientLimits();

    @Mixin private ClaimsKey claimsKey = new ClaimsKey();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      PartMixin.checkPort(spec, "--operator-port", operatorPort);
      if (operatorPort == port) {
        throw new ParameterException(
            spec.commandLine(), "--port and --operator-port must be different ports.");
      }
      String operatorAddress =
          PartMixin.address(operatorListen, "--operator-listen").getHostAddress();
      OperatorGate.check(operatorAddress, operatorToken.text());
      Map<String, String> settings = new HashMap<>(limits.settings());
      settings.putAll(tls.settings());
      claimsKey.putInto(settings, "freshet.gateway.claims-key");
      settings.put("freshet.gateway.routes", config.resolve("routes.yaml").toString());
      settings.put("freshet.gateway.data", data.toString());
      settings.put("freshet.gateway.trusted-proxies", String.join(",", trustedProxies));
      settings.put("freshet.gateway.insecure", Boolean.toString(insecure));
      settings.put("freshet.gateway.access-log", Boolean.toString(access.isLogged()));
      settings.put("management.server.port", Integer.toString(operatorPort));
      settings.put("management.server.address", operatorAddress);
      settings.put("freshet.operator-token", operatorToken.text());
      if (sessionKeys != null) {
        settings.put("freshet.gateway.session-keys", sessionKeys.toString());
      }
      String text = System.getenv("FRESHET_SESSION_KEYS_TEXT");
      if (text != null) {
        settings.put("freshet.gateway.session-keys-text", text);
      }
      part.run(PartKind.GATEWAY, port, settings);
      return 0;
    }
  }

  @Command(name = "write", description = "Runs a write-backend alone, until Ctrl-C.")
  static final class WriteCommand implements Callable<Integer> {

    @Mixin private PartMixin part = new PartMixin();

    @Mixin private PasswordFile password = new PasswordFile();

    @Option(
        names = "--primary",
        paramLabel = "URL",
        required = true,
        description = "The primary: postgresql://USER@HOST:PORT/DATABASE, or a JDBC URL.")
    private String primary = "";

    @Option(
        names = "--commands",
        paramLabel = "DIR",
        required = true,
        description = "Folder with the commands, a NAME.sql each.")
    private Path commands = Path.of(".");

    @Option(
        names = "--schema",
        paramLabel = "DIR",
        description =
            "Folder with migrations of the primary's schema (Flyway), which are run at the start (default: none).")
    private @Nullable Path schema;

    @Mixin private ClaimsKey claimsKey = new ClaimsKey();

    @Option(
        names = "--roles",
        paramLabel = "ROLE",
        split = ",",
        description = "Roles of the primary that clients' claims may name; several are allowed.")
    private List<String> roles = List.of();

    @Option(
        names = "--role",
        description =
            "Role that statements run as where neither the command nor the claims name one (default: the login's own).")
    private String role = "";

    @Option(
        names = "--audit",
        description =
            "Notes all commands in the table command_audit, but for those whose files say audit: false.")
    private boolean audit;

    @Option(
        names = "--idempotency-retention",
        paramLabel = "TIME",
        converter = Quantities.Time.class,
        defaultValue = "24h",
        description =
            "How long the keys of commands that were done are kept (default: ${DEFAULT-VALUE}).")
    private Duration retention = Duration.ZERO;

    @Mixin private TlsFiles tls = new TlsFiles();

    @Option(names = "--port", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "8090")
    private int port;

    @Override
    public Integer call() {
      Map<String, String> settings = new HashMap<>(tls.settings());
      settings.put("freshet.write.primary", password.withPassword(primary));
      settings.put("freshet.write.commands", commands.toString());
      if (schema != null) {
        settings.put("freshet.write.schema", schema.toString());
      }
      settings.put("freshet.write.idempotency-retention", retention.toString());
      settings.put("freshet.write.audit", Boolean.toString(audit));
      claimsKey.putInto(settings, "freshet.write.claims-key");
      settings.put("freshet.write.roles", String.join(",", roles));
      if (!role.isEmpty()) {
        settings.put("freshet.write.role", role);
      }
      part.run(PartKind.WRITE, port, settings);
      return 0;
    }
  }

  @Command(name = "read", description = "Runs a read-backend alone, until Ctrl-C.")
  static final class ReadCommand implements Callable<Integer> {

    @Mixin private PartMixin part = new PartMixin();

    @Mixin private PasswordFile password = new PasswordFile();

    @Option(
        names = "--source",
        paramLabel = "URL",
        required = true,
        description = {
          "The database to read: postgresql://USER@HOST:PORT/DATABASE, or a JDBC URL; or a search",
          "store, http://HOST:PORT."
        })
    private String source = "";

    @Option(
        names = "--kind",
        required = true,
        description = "What it is: primary, replica, read-database or search.")
    private String kind = "";

    @Option(names = "--id", required = true, description = "The instance's name.")
    private String id = "";

    enum Errors {
      problem,
      postgrest
    }

    @Option(
        names = "--errors",
        paramLabel = "FORM",
        description =
            "The format of errors for clients that don't ask for either: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
        defaultValue = "problem")
    private Errors errors = Errors.problem;

    @Option(
        names = "--row-cap",
        paramLabel = "N",
        description = "Most rows of one answer (default: ${DEFAULT-VALUE}).",
        defaultValue = "1000")
    private int rowCap;

    @Option(
        names = "--byte-cap",
        paramLabel = "SIZE",
        converter = Quantities.Size.class,
        description = "Most bytes of one answer, such as 100MB (default: any number).")
    private DataSize byteCap = DataSize.ofBytes(0);

    @Option(
        names = "--cost-ceiling",
        paramLabel = "COST",
        description =
            "What a query may cost, as PostgreSQL's planner guesses; it is asked before each (default: any).",
        defaultValue = "0")
    private double costCeiling;

    @Mixin private SearchStoreOptions store = new SearchStoreOptions();

    @Mixin private ClaimsKey claimsKey = new ClaimsKey();

    @Option(
        names = "--roles",
        paramLabel = "ROLE",
        split = ",",
        description = "Roles of the source that clients' claims may name; several are allowed.")
    private List<String> roles = List.of();

    @Option(
        names = "--role",
        description =
            "Role of clients whose claims name none of these; without one they are refused.")
    private String role = "";

    @Mixin private TlsFiles tls = new TlsFiles();

    @Option(names = "--port", description = "Default: ${DEFAULT-VALUE}.", defaultValue = "8201")
    private int port;

    @Override
    public Integer call() {
      Map<String, String> settings = new HashMap<>(tls.settings());
      if (SourceKind.parse(kind) == SourceKind.SEARCH) {
        requireNoneOfDatabases();
        settings.putAll(store.settings("freshet.read", source));
        settings.put("freshet.read.source", source);
      } else if (source.startsWith("http")) {
        throw new StartFailed(
            "%s is a search store; read it with --kind search.".formatted(source));
      } else {
        settings.put("freshet.read.source", password.withPassword(source));
      }
      settings.put("freshet.read.kind", kind);
      settings.put("freshet.read.id", id);
      settings.put("freshet.read.errors", errors.name());
      settings.put("freshet.read.row-cap", Integer.toString(rowCap));
      settings.put("freshet.read.byte-cap", byteCap.toBytes() + "B");
      settings.put("freshet.read.cost-ceiling", Double.toString(costCeiling));
      claimsKey.putInto(settings, "freshet.read.claims-key");
      settings.put("freshet.read.roles", String.join(",", roles));
      if (!role.isEmpty()) {
        settings.put("freshet.read.role", role);
      }
      part.run(PartKind.READ, port, settings);
      return 0;
    }

    /** A store would show everybody the same, whatever these say. */
    private void requireNoneOfDatabases() {
      if (!roles.isEmpty() || !role.isEmpty() || costCeiling != 0 || password.isGiven()) {
        throw new StartFailed(
            "--roles, --role, --cost-ceiling and --password-file are for databases. A search store has no roles; its login is in --search-credentials.");
      }
    }
  }
}
