// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.core.fixture.FakeMigration;
import org.vfio4j.core.fixture.FeatureCalls;
import org.vfio4j.core.vfio.MigrationStates;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The ways between migration states, as a driver walks them when raw calls ask for a state. */
class MigrationArcsTest {
    private static final String TABLE = "migration-fsm.csv";
    private static final int ROWS = 256;
    private static final List<String> STATES =
            IntStream.range(0, 8).mapToObj(MigrationStates::name).toList();

    private static final Pattern COMMA = Pattern.compile(",");
    private static final Pattern ARROW = Pattern.compile(">");

    /** Arcs that start a session; only the last arc of a way may be one (MG-7). */
    private static final Set<String> STARTS =
            Set.of("RUNNING>PRE_COPY", "RUNNING_P2P>PRE_COPY_P2P", "STOP>STOP_COPY", "STOP>RESUMING");

    /** One row of the table: a pair of states for a set of features. */
    record Row(int flags, int current, int requested, String nextStep, List<String> way, boolean allowed) {
        static Row of(String line) {
            String[] fields = COMMA.split(line, -1);
            int flags = 1;
            flags |= fields[0].contains("P2P") ? 2 : 0;
            flags |= fields[0].contains("PRE_COPY") ? 4 : 0;
            return new Row(
                    flags,
                    STATES.indexOf(fields[1]),
                    STATES.indexOf(fields[2]),
                    fields[3],
                    ARROW.splitAsStream(fields[4]).toList(),
                    "0".equals(fields[5]));
        }

        List<String> arcs() {
            return IntStream.range(1, way.size())
                    .mapToObj(i -> way.get(i - 1) + ">" + way.get(i))
                    .toList();
        }

        @Override
        public String toString() {
            return "flags " + flags + ": " + STATES.get(current) + " to " + STATES.get(requested);
        }
    }

    static Stream<List<Row>> rowsByFlags() throws IOException {
        List<Row> rows;
        try (var table = MigrationArcsTest.class.getResourceAsStream(TABLE)) {
            assertThat(table).as(TABLE).isNotNull();
            rows = new String(table.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .map(Row::of)
                    .toList();
        }
        assertThat(rows).hasSize(ROWS);
        return rows.stream().collect(Collectors.groupingBy(Row::flags)).values().stream();
    }

    @ParameterizedTest
    @MethodSource("rowsByFlags")
    @Spec("C-097")
    void shouldWalkExactlyTheArcsOfTheTable(List<Row> rows) {
        int flags = rows.getFirst().flags();
        try (var world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)).migrationFlags = flags)) {
            var driver = world.ops(world.machine.find("dev-a")).migrationDriver();
            var calls = world.caller();
            int device = calls.deviceFd(calls.groupWithContainer("/dev/vfio/1", 3), "dev-a");
            var features = new FeatureCalls(calls, device);
            int allowed = 0;
            for (var row : rows) {
                assertNextStep(row);
                driver.standIn(row.current());
                int fd = -1;
                if (row.allowed()) {
                    fd = features.setState(row.requested());
                    allowed++;
                } else {
                    assertRefused(row, features);
                }
                assertThat(names(driver)).as("arcs of %s", row).isEqualTo(row.allowed() ? row.arcs() : List.of());
                assertThat(driver.state())
                        .as("state after %s", row)
                        .isEqualTo(row.allowed() ? row.requested() : row.current());
                boolean starts = row.allowed()
                        && !row.arcs().isEmpty()
                        && STARTS.contains(row.arcs().getLast());
                assertThat(fd >= 0).as("a data file after %s", row).isEqualTo(starts);
                if (fd >= 0) {
                    calls.close(fd);
                }
            }
            assertThat(allowed).as("pairs allowed with flags %d", flags).isEqualTo(allowedPairs(flags));
        }
    }

    private static int allowedPairs(int flags) {
        return switch (flags) {
            case 1 -> 16;
            case 3 -> 25;
            case 5 -> 24;
            case 7 -> 47;
            default -> throw new IllegalArgumentException("flags " + flags);
        };
    }

    private static void assertNextStep(Row row) {
        if (row.allowed()) {
            assertThat(STATES.get(MigrationStates.nextState(row.flags(), row.current(), row.requested())))
                    .as("next step of %s", row)
                    .isEqualTo(row.nextStep());
            return;
        }
        var refusal = catchThrowableOfType(
                VfioException.class, () -> MigrationStates.nextState(row.flags(), row.current(), row.requested()));
        assertThat(refusal).as("refusal of %s", row).isNotNull();
        assertThat(refusal.errno()).as("errno of %s", row).isEqualTo(Errno.EINVAL);
    }

    private static void assertRefused(Row row, FeatureCalls features) {
        var refusal = catchThrowableOfType(VfioException.class, () -> features.setState(row.requested()));
        assertThat(refusal).as("refusal of %s", row).isNotNull();
        assertThat(refusal.errno()).as("errno of %s", row).isEqualTo(Errno.EINVAL);
        assertThat(features.dataFd()).as("data_fd of %s", row).isEqualTo(-1);
    }

    private static List<String> names(FakeMigration driver) {
        return driver.arcs().stream()
                .map(arc -> STATES.get(arc.from()) + ">" + STATES.get(arc.to()))
                .toList();
    }
}
