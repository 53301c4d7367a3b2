package dev.freshet.file;

import dev.freshet.file.Yaml.Mark;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads YAML 1.2 with the place of every value. */
public final class YamlReader {

  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int DEEPEST = 20;

  /** Aliases let a small file stand for a large one. */
  private static final int MOST_VALUES = 200_000;

  private static final LoadSettings SETTINGS =
      LoadSettings.builder()
          .setCodePointLimit(MOST_CHARACTERS)
          .setAllowRecursiveKeys(false)
          .build();

  private final List<FileProblem> problems = new ArrayList<>();
  private int values;

  private YamlReader() {}

  /**
   * Reads a file's text.
   *
   * @throws FileInvalid when it is not YAML, or has a key twice
   */
  public static Yaml read(String text) {
    Node root;
    try {
      refuseDepth(text);
      Optional<Node> composed = new Compose(SETTINGS).composeString(text);
      root = composed.orElseThrow(() -> FileInvalid.at(Mark.START, "the file is empty"));
    } catch (MarkedYamlEngineException e) {
      throw FileInvalid.at(
          e.getProblemMark().map(YamlReader::mark).orElse(Mark.START),
          "it is not YAML: " + firstLine(e.getProblem()));
    } catch (YamlEngineException e) {
      throw FileInvalid.at(Mark.START, "it is not YAML: " + firstLine(e.getMessage()));
    }
    YamlReader reader = new YamlReader();
    Yaml read = reader.read(root, 0);
    if (!reader.problems.isEmpty()) {
      throw new FileInvalid(reader.problems);
    }
    return read;
  }

  /** Before it is composed, which takes a call a level. */
  private static void refuseDepth(String text) {
    int depth = 0;
    for (Event event : new Parse(SETTINGS).parseString(text)) {
      switch (event) {
        case CollectionStartEvent start -> {
          if (++depth > DEEPEST) {
            throw FileInvalid.at(
                start.getStartMark().map(YamlReader::mark).orElse(Mark.START),
                "this is nested more than %d levels deep".formatted(DEEPEST));
          }
        }
        case CollectionEndEvent end -> depth--;
        default -> {
          // A value, or the frame of the file.
        }
      }
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "it can't be read" : message.lines().findFirst().orElse("");
  }

  private static Mark mark(org.snakeyaml.engine.v2.exceptions.Mark mark) {
    return new Mark(mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static Mark start(Node node) {
    return node.getStartMark().map(YamlReader::mark).orElse(Mark.START);
  }

  private Yaml read(Node node, int depth) {
    Mark at = start(node);
    // Aliases may hold themselves.
    if (depth > DEEPEST || ++values > MOST_VALUES) {
      throw FileInvalid.at(
          at, "with its aliases the file stands for more than %,d values".formatted(MOST_VALUES));
    }
    return switch (node) {
      case MappingNode mapping -> new Yaml.Mapping(at, entries(mapping, depth));
      case SequenceNode sequence ->
          new Yaml.Sequence(
              at, sequence.getValue().stream().map(member -> read(member, depth + 1)).toList());
      case ScalarNode scalar -> new Yaml.Scalar(at, scalar.getValue(), value(scalar));
      default -> throw FileInvalid.at(at, "this can't be read");
    };
  }

  private Map<String, Yaml.Entry> entries(MappingNode mapping, int depth) {
    Map<String, Yaml.Entry> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Mark keyAt = start(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(keyAt.problem("a key has to be a text"));
        continue;
      }
      Yaml.Entry entry = new Yaml.Entry(keyAt, read(tuple.getValueNode(), depth + 1));
      if (entries.putIfAbsent(key.getValue(), entry) != null) {
        problems.add(keyAt.problem("'%s' is there twice".formatted(key.getValue())));
      }
    }
    return entries;
  }

  /**
   * By the JSON schema of YAML 1.2, which the engine has resolved to tags; a number that is beyond
   * all that the file has room for stays a text, and is told to be none where one is asked for.
   */
  private static @Nullable Object value(ScalarNode scalar) {
    Tag tag = scalar.getTag();
    String text = scalar.getValue();
    try {
      if (tag.equals(Tag.NULL)) {
        return null;
      }
      if (tag.equals(Tag.BOOL)) {
        return Boolean.parseBoolean(text);
      }
      if (tag.equals(Tag.INT)) {
        return Long.decode(text);
      }
      if (tag.equals(Tag.FLOAT)) {
        return number(new BigDecimal(text));
      }
    } catch (NumberFormatException | ArithmeticException e) {
      return text;
    }
    return text;
  }

  /**
   * A {@link Long} when it is whole, however it is written: 5.0 and 1e1 are whole numbers to JSON
   * Schema.
   *
   * @throws ArithmeticException when it is whole and no long
   */
  private static Object number(BigDecimal number) {
    return number.stripTrailingZeros().scale() <= 0 ? (Object) number.longValueExact() : number;
  }
}
