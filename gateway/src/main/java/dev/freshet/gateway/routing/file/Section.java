package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.routing.file.Yaml.Mark;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A mapping of a file whose form has been checked. */
record Section(Yaml.Mapping mapping) {

  static Section of(Yaml yaml) {
    return new Section((Yaml.Mapping) yaml);
  }

  Mark at() {
    return mapping.at();
  }

  Optional<Yaml> get(String key) {
    return Optional.ofNullable(mapping.entries().get(key)).map(Yaml.Entry::value);
  }

  /** Where a key's value is; where the mapping is, when it has no such key. */
  Mark at(String key) {
    return get(key).map(Yaml::at).orElse(at());
  }

  Optional<Section> section(String key) {
    return get(key).map(Section::of);
  }

  Optional<Yaml.Scalar> scalar(String key) {
    return get(key).map(Yaml.Scalar.class::cast);
  }

  Optional<String> text(String key) {
    return scalar(key).map(Section::text);
  }

  /** The text of a key that the form requires. */
  String requiredText(String key) {
    return text(key).orElseThrow(() -> new IllegalStateException(key + " is required"));
  }

  static String text(Yaml.Scalar scalar) {
    return String.valueOf(scalar.value());
  }

  List<Yaml> list(String key) {
    return get(key).map(list -> ((Yaml.Sequence) list).members()).orElse(List.of());
  }

  List<Section> sections(String key) {
    return list(key).stream().map(Section::of).toList();
  }

  /** The values by their keys, in the file's order. */
  Map<String, Yaml> values() {
    Map<String, Yaml> values = new LinkedHashMap<>();
    mapping.entries().forEach((key, entry) -> values.put(key, entry.value()));
    return values;
  }

  /** The members of a list of texts. */
  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    list(key).forEach(member -> texts.add(text((Yaml.Scalar) member)));
    return texts;
  }
}
