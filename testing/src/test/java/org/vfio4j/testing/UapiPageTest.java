// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioIoctl;

class UapiPageTest {
    @Test
    void shouldNameEveryCallThatIsDeclared() {
        var declared = Stream.of(VfioIoctl.class, IommufdIoctl.class)
                .flatMap(declarations -> Arrays.stream(declarations.getFields()))
                .map(field -> field.getName())
                .filter(name -> !name.matches("(VFIO|IOMMUFD)_(TYPE|BASE|CMD_.*)"))
                .collect(Collectors.toCollection(TreeSet::new));
        var named = UapiPage.calls().stream().map(UapiPage.Call::name).collect(Collectors.toSet());
        assertThat(named).as("calls of the table").containsAll(declared);
    }

    @Test
    void shouldHaveAPlaceForEveryChecklistLineAndForNoOther() {
        var placed = UapiPage.calls().stream()
                .flatMap(call -> call.lines().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(placed).isEqualTo(SpecCoverage.numbers());
    }

    @Test
    void shouldSayWhichLinesAreProvedAndWhichAreNot() {
        var row = UapiPage.write(Set.of("C-020", "C-021")).stream()
                .filter(line -> line.contains("VFIO_GROUP_GET_STATUS"))
                .findFirst()
                .orElseThrow();
        assertThat(row)
                .startsWith("| VFIO_GROUP_GET_STATUS | 0x3b67 | group | core | C-020 C-021 | ")
                .contains("C-127");
    }

    @Test
    void shouldShortenThreeNeighboursToARangeAndNoFewer() {
        assertThat(UapiPage.ranges(Set.of("C-001", "C-002", "T-003", "T-004", "T-005")))
                .isEqualTo("C-001 C-002 T-003…005");
        assertThat(UapiPage.expand("C-001 C-002 T-003..005"))
                .containsExactlyInAnyOrder("C-001", "C-002", "T-003", "T-004", "T-005");
    }
}
