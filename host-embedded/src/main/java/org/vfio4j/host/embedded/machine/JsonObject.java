// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Typed access to one object of a description. Every refusal names the line, the field, and what would be right.
 */
final class JsonObject {
    private static final Pattern SIZE = Pattern.compile("(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})([KMGT]?)");

    private final JsonValue.Members json;
    private final String what;
    private final Set<String> asked = new TreeSet<>();

    private JsonObject(JsonValue.Members json, String what) {
        this.json = json;
        this.what = what;
    }

    /**
     * Takes a value as an object.
     *
     * @param what what the object describes, with its article: "a PCI function"
     */
    static JsonObject of(JsonValue value, String what) {
        if (value instanceof JsonValue.Members members) {
            return new JsonObject(members, what);
        }
        throw value.where().refuse(what + " is described by an object, not by " + value.kind());
    }

    /** Where it starts. */
    SourcePosition where() {
        return json.where();
    }

    /** Where a field's value is; the object's own place when it has no such field. */
    SourcePosition where(String field) {
        var member = json.members().get(field);
        return member == null ? json.where() : member.value().where();
    }

    /** Whether the field is there. */
    boolean has(String field) {
        asked.add(field);
        return json.members().containsKey(field);
    }

    /** Refuses fields nobody asked for. */
    void noOthers() {
        for (var entry : json.members().entrySet()) {
            if (!asked.contains(entry.getKey())) {
                throw entry.getValue()
                        .where()
                        .refuse("unknown field \"" + entry.getKey() + "\" in " + what + "; known: "
                                + String.join(", ", asked));
            }
        }
    }

    private @Nullable JsonValue value(String field) {
        asked.add(field);
        var member = json.members().get(field);
        return member == null ? null : member.value();
    }

    /** A string that has to be there and not be empty. */
    String text(String field) {
        return optionalText(field).orElseThrow(() -> json.where().refuse(what + " needs the field \"" + field + "\""));
    }

    /** A string, not empty. */
    Optional<String> optionalText(String field) {
        var value = value(field);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonValue.Text text && !text.text().isBlank()) {
            return Optional.of(text.text());
        }
        throw value.where()
                .refuse("\"" + field + "\" takes a string"
                        + (value instanceof JsonValue.Text ? " that is not empty" : ", not " + value.kind()));
    }

    /** One of some words. */
    String word(String field, List<String> words, @Nullable String otherwise) {
        var text = otherwise == null ? Optional.of(text(field)) : optionalText(field);
        if (text.isEmpty()) {
            return String.valueOf(otherwise);
        }
        if (!words.contains(text.get())) {
            throw where(field)
                    .refuse("\"" + field + "\" takes one of " + String.join(", ", words) + ", not \"" + text.get()
                            + "\"");
        }
        return text.get();
    }

    /** True or false. */
    boolean truth(String field, boolean otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof JsonValue.Truth truth) {
            return truth.value();
        }
        throw value.where().refuse("\"" + field + "\" takes true or false, not " + value.kind());
    }

    /** A number that has to be there. */
    long number(String field, long least, long most) {
        var value = value(field);
        if (value == null) {
            throw json.where().refuse(what + " needs the field \"" + field + "\"");
        }
        return inRange(field, value, least, most);
    }

    /** A number. */
    long number(String field, long least, long most, long otherwise) {
        var value = value(field);
        return value == null ? otherwise : inRange(field, value, least, most);
    }

    private static long inRange(String field, JsonValue value, long least, long most) {
        long number = quantity("\"" + field + "\"", value);
        if (Long.compareUnsigned(number, least) < 0 || Long.compareUnsigned(number, most) > 0) {
            throw value.where()
                    .refuse("\"" + field + "\" has to be from " + show(least) + " to " + show(most) + ", not "
                            + show(number));
        }
        return number;
    }

    private static String show(long number) {
        return number >= 0 && number < 1 << 16 ? Long.toString(number) : "0x" + Long.toHexString(number);
    }

    /** A whole number, or a string of digits with 0x in front or K, M, G, T behind. */
    private static long quantity(String name, JsonValue value) {
        if (value instanceof JsonValue.Whole whole) {
            if (whole.number() < 0) {
                throw value.where().refuse(name + " cannot be negative: " + whole.number());
            }
            return whole.number();
        }
        if (value instanceof JsonValue.Text text) {
            var matcher = SIZE.matcher(text.text());
            if (matcher.matches()) {
                int shift = 10 * " KMGT".indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2));
                String digits = matcher.group(1);
                try {
                    long number = digits.startsWith("0x") || digits.startsWith("0X")
                            ? Long.parseUnsignedLong(digits.substring(2), 16)
                            : Long.parseUnsignedLong(digits);
                    if (shift == 0 || (number >= 0 && number < 1L << (63 - shift))) {
                        return number << shift;
                    }
                } catch (NumberFormatException tooLarge) {
                    // Falls through to the refusal.
                }
                throw value.where().refuse(name + " does not fit 64 bits: \"" + text.text() + "\"");
            }
        }
        throw value.where()
                .refuse(name + " takes a number, or a string like \"0x1000\" or \"64K\", not "
                        + (value instanceof JsonValue.Text text ? "\"" + text.text() + "\"" : value.kind()));
    }

    /** A mask of sizes, each a power of two. */
    long sizes(String field, long otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        long mask = 0;
        for (var item : items(field, value)) {
            long size = quantity("an item of \"" + field + "\"", item);
            if (Long.bitCount(size) != 1) {
                throw item.where().refuse("an item of \"" + field + "\" has to be a power of two, not " + show(size));
            }
            mask |= size;
        }
        if (mask == 0) {
            throw value.where().refuse("\"" + field + "\" needs at least one size");
        }
        return mask;
    }

    private static List<JsonValue> items(String field, JsonValue value) {
        if (value instanceof JsonValue.Items items) {
            return items.items();
        }
        throw value.where().refuse("\"" + field + "\" takes an array, not " + value.kind());
    }

    /** An array of objects; empty when the field is missing. */
    List<JsonObject> objects(String field, String each) {
        var value = value(field);
        if (value == null) {
            return List.of();
        }
        var objects = new ArrayList<JsonObject>();
        for (var item : items(field, value)) {
            objects.add(of(item, each));
        }
        return objects;
    }

    /** An object. */
    Optional<JsonObject> object(String field, String description) {
        var value = value(field);
        return value == null ? Optional.empty() : Optional.of(of(value, description));
    }

    /** An array of different strings. */
    List<String> texts(String field) {
        var value = value(field);
        if (value == null) {
            return List.of();
        }
        var texts = new ArrayList<String>();
        for (var item : items(field, value)) {
            if (!(item instanceof JsonValue.Text text) || text.text().isBlank()) {
                throw item.where().refuse("\"" + field + "\" takes strings, not " + item.kind());
            }
            if (texts.contains(text.text())) {
                throw item.where().refuse("\"" + text.text() + "\" is in \"" + field + "\" already");
            }
            texts.add(text.text());
        }
        return texts;
    }

    /** An object of names and plain values, values as text. */
    Map<String, String> properties(String field) {
        var value = value(field);
        var properties = new LinkedHashMap<String, String>();
        if (value == null) {
            return properties;
        }
        if (!(value instanceof JsonValue.Members members)) {
            throw value.where().refuse("\"" + field + "\" takes an object, not " + value.kind());
        }
        members.members()
                .forEach((name, member) -> properties.put(
                        name,
                        switch (member.value()) {
                            case JsonValue.Text text -> text.text();
                            case JsonValue.Whole whole -> Long.toString(whole.number());
                            case JsonValue.Truth truth -> Boolean.toString(truth.value());
                            default ->
                                throw member.value()
                                        .where()
                                        .refuse("property \"" + name + "\" takes a string, number or truth, not "
                                                + member.value().kind());
                        }));
        return properties;
    }

    /** An object of small numbers and sizes. */
    Map<Integer, Long> sizesByIndex(String field, int lastIndex, long most) {
        var value = value(field);
        var sizes = new LinkedHashMap<Integer, Long>();
        if (value == null) {
            return sizes;
        }
        if (!(value instanceof JsonValue.Members members)) {
            throw value.where().refuse("\"" + field + "\" takes an object, not " + value.kind());
        }
        members.members().forEach((name, member) -> {
            if (name.length() != 1 || name.charAt(0) < '0' || name.charAt(0) > '0' + lastIndex) {
                throw member.where()
                        .refuse("\"" + field + "\" has entries 0 to " + lastIndex + ", not \"" + name + "\"");
            }
            long size = quantity("\"" + name + "\"", member.value());
            if (Long.bitCount(size) != 1 || Long.compareUnsigned(size, most) > 0) {
                throw member.value()
                        .where()
                        .refuse("a register's size has to be a power of two up to " + show(most) + ", not "
                                + show(size));
            }
            sizes.put(name.charAt(0) - '0', size);
        });
        return sizes;
    }
}
