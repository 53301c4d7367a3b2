package dev.freshet.file;

import dev.freshet.file.Yaml.Mark;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A mapping of a file whose form has been checked. */
public record Section(Yaml.Mapping mapping) {

  public static Section of(Yaml yaml) {
    return new Section((Yaml.Mapping) yaml);
  }

  public Mark at() {
    return mapping.at();
  }

  public Optional<Yaml> get(String key) {
    return Optional.ofNullable(mapping.entries().get(key)).map(Yaml.Entry::value);
  }

  /** Where a key's value is; where the mapping is, when it has no such key. */
  public Mark at(String key) {
    return get(key).map(Yaml::at).orElse(at());
  }

  public Optional<Section> section(String key) {
    return get(key).map(Section::of);
  }

  public Optional<Yaml.Scalar> scalar(String key) {
    return get(key).map(Yaml.Scalar.class::cast);
  }

  public Optional<String> text(String key) {
    return scalar(key).map(Section::text);
  }

  /** The text of a key that the form requires. */
  public String requiredText(String key) {
    return text(key).orElseThrow(() -> new IllegalStateException(key + " is required"));
  }

  public static String text(Yaml.Scalar scalar) {
    return String.valueOf(scalar.value());
  }

  public List<Yaml> list(String key) {
    return get(key).map(list -> ((Yaml.Sequence) list).members()).orElse(List.of());
  }

  public List<Section> sections(String key) {
    return list(key).stream().map(Section::of).toList();
  }

  /** The values by their keys, in the file's order. */
  public Map<String, Yaml> values() {
    Map<String, Yaml> values = new LinkedHashMap<>();
    mapping.entries().forEach((key, entry) -> values.put(key, entry.value()));
    return values;
  }

  /** The members of a list of texts. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    list(key).forEach(member -> texts.add(text((Yaml.Scalar) member)));
    return texts;
  }
}
