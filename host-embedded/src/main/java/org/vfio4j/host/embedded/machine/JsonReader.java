// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** Reads a JSON document into values that know their line and column. Small documents only. */
final class JsonReader {
    /** Most bytes of a description: far above any machine, far below what hurts. */
    static final int LARGEST = 4 << 20;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxDocumentLength(LARGEST)
                    .maxNestingDepth(32)
                    .maxStringLength(4096)
                    .maxNumberLength(32)
                    .build())
            .enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private final String source;
    private final JsonParser parser;

    private JsonReader(String source, JsonParser parser) {
        this.source = source;
        this.parser = parser;
    }

    /**
     * Reads a document.
     *
     * @param source its name, for errors
     * @throws org.vfio4j.uapi.VfioException EINVAL with line and column
     */
    static JsonValue read(String source, String text) {
        try (var parser = FACTORY.createParser(text)) {
            return new JsonReader(source, parser).document();
        } catch (JsonProcessingException e) {
            throw at(source, e.getLocation()).refuse(sentence(e));
        } catch (IOException e) {
            throw new SourcePosition(source, 0, 0).refuse("cannot be read: " + e.getMessage());
        }
    }

    private static String sentence(JsonProcessingException e) {
        if (e instanceof InputCoercionException) {
            return "the number does not fit 64 bits";
        }
        if (e instanceof StreamConstraintsException) {
            return "the document is too large or too deep: " + e.getOriginalMessage();
        }
        if (e instanceof com.fasterxml.jackson.core.io.JsonEOFException) {
            return "the file ends in the middle of the description";
        }
        return "this is no JSON: " + e.getOriginalMessage().lines().findFirst().orElse("");
    }

    private static SourcePosition at(String source, @Nullable JsonLocation location) {
        return location == null
                ? new SourcePosition(source, 0, 0)
                : new SourcePosition(source, location.getLineNr(), location.getColumnNr());
    }

    private SourcePosition here() {
        return at(source, parser.currentTokenLocation());
    }

    private JsonValue document() throws IOException {
        if (parser.nextToken() == null) {
            throw new SourcePosition(source, 1, 1).refuse("the file is empty");
        }
        var value = value();
        if (parser.nextToken() != null) {
            throw here().refuse("there is something after the description's end");
        }
        return value;
    }

    private JsonValue value() throws IOException {
        var where = here();
        return switch (parser.currentToken()) {
            case START_OBJECT -> members(where);
            case START_ARRAY -> items(where);
            case VALUE_STRING -> new JsonValue.Text(where, parser.getText());
            case VALUE_NUMBER_INT -> new JsonValue.Whole(where, parser.getLongValue());
            case VALUE_TRUE -> new JsonValue.Truth(where, true);
            case VALUE_FALSE -> new JsonValue.Truth(where, false);
            case VALUE_NUMBER_FLOAT -> throw where.refuse("only whole numbers have a meaning here");
            default -> throw where.refuse("null has no meaning here: leave the field out");
        };
    }

    private JsonValue members(SourcePosition where) throws IOException {
        var members = new LinkedHashMap<String, JsonValue.Member>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            var nameAt = here();
            String name = parser.currentName();
            parser.nextToken();
            var earlier = members.put(name, new JsonValue.Member(nameAt, value()));
            if (earlier != null) {
                throw nameAt.refuse("field \"" + name + "\" is here already at line "
                        + earlier.where().line());
            }
        }
        return new JsonValue.Members(where, members);
    }

    private JsonValue items(SourcePosition where) throws IOException {
        var items = new ArrayList<JsonValue>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value());
        }
        return new JsonValue.Items(where, items);
    }
}
