package dev.freshet.sync.source;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.freshet.sync.model.TableName;
import java.util.List;

/** A type of the source that is not PostgreSQL's own, to be had in the read database too. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
  @JsonSubTypes.Type(value = UserType.Extension.class, name = "extension"),
  @JsonSubTypes.Type(value = UserType.Enumeration.class, name = "enumeration"),
  @JsonSubTypes.Type(value = UserType.Defined.class, name = "defined")
})
public sealed interface UserType {

  /**
   * A type, and whatever else, that an extension brings.
   *
   * @param version that the source has
   */
  record Extension(String extension, String schema, String version) implements UserType {}

  /** An enumeration, to which values may be added later. */
  record Enumeration(TableName name, List<String> labels) implements UserType {}

  /**
   * A domain without its constraints, a composite or a range type.
   *
   * @param kind {@code type} or {@code domain}, as in CREATE
   * @param definition what follows the name in CREATE
   */
  record Defined(TableName name, String kind, String definition) implements UserType {}
}
