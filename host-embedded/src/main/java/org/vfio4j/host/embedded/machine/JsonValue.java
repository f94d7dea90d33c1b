// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import java.util.Map;

/** A JSON value that knows where it stands. */
sealed interface JsonValue {
    /** Its first character. */
    SourcePosition where();

    /** What it is, for people. */
    String kind();

    /** An object; members in order of appearance, no name twice. */
    record Members(SourcePosition where, Map<String, Member> members) implements JsonValue {
        @Override
        public String kind() {
            return "an object";
        }
    }

    /** A member of an object. */
    record Member(SourcePosition where, JsonValue value) {}

    /** An array. */
    record Items(SourcePosition where, List<JsonValue> items) implements JsonValue {
        @Override
        public String kind() {
            return "an array";
        }
    }

    /** A string. */
    record Text(SourcePosition where, String text) implements JsonValue {
        @Override
        public String kind() {
            return "a string";
        }
    }

    /** A whole number that fits 64 bits. */
    record Whole(SourcePosition where, long number) implements JsonValue {
        @Override
        public String kind() {
            return "a number";
        }
    }

    /** True or false. */
    record Truth(SourcePosition where, boolean value) implements JsonValue {
        @Override
        public String kind() {
            return value ? "true" : "false";
        }
    }
}
