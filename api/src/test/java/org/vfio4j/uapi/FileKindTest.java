// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class FileKindTest {
    /** The kinds of file that answer a command, by the table's column {@code fd_type}. */
    private static final Map<String, List<FileKind>> KINDS = Map.of(
            "container",
                    List.of(FileKind.CONTAINER, FileKind.CONTAINER_TYPE1, FileKind.CONTAINER_SPAPR, FileKind.IOMMUFD),
            "container(type1)", List.of(FileKind.CONTAINER_TYPE1, FileKind.IOMMUFD),
            "container(type1,spapr)", List.of(FileKind.CONTAINER_TYPE1, FileKind.CONTAINER_SPAPR, FileKind.IOMMUFD),
            "container(spapr)", List.of(FileKind.CONTAINER_SPAPR),
            "group", List.of(FileKind.GROUP),
            "device", List.of(FileKind.DEVICE),
            "device(cdev)", List.of(FileKind.DEVICE),
            "migration-data", List.of(FileKind.MIGRATION_DATA),
            "iommufd", List.of(FileKind.IOMMUFD));

    @Test
    void shouldNameACommandOnTheFilesThatAnswerIt() {
        for (UapiTable.Row row : UapiTable.rows("uapi-ioctls")) {
            int command = Integer.decode(row.cell("number_x86_64_arm64"));
            for (FileKind kind : kindsThatAnswer(row)) {
                assertThat(kind.commandName(command))
                        .as("0x%x on %s", command, kind)
                        .isEqualTo(row.cell("name"));
            }
        }
    }

    @Test
    void shouldNotNameACommandOfAnotherFile() {
        for (FileKind kind : FileKind.values()) {
            List<String> known = UapiTable.rows("uapi-ioctls").stream()
                    .filter(row -> kindsThatAnswer(row).contains(kind))
                    .map(row -> row.cell("name"))
                    .toList();
            for (int command = 0x3b00; command <= 0x3bff; command++) {
                String name = kind.commandName(command);
                if (!known.contains(name)) {
                    assertThat(name)
                            .as("0x%x is no command of %s", command, kind)
                            .isEqualTo("ioctl 0x%x", command);
                }
            }
        }
    }

    @Test
    void shouldNotNameACommandWithSizeAndDirectionBits() {
        assertThat(FileKind.DEVICE.commandName(0xc0183b6b)).isEqualTo("ioctl 0xc0183b6b");
    }

    private static List<FileKind> kindsThatAnswer(UapiTable.Row command) {
        return Objects.requireNonNull(KINDS.get(command.cell("fd_type")), "a kind of file this test does not know");
    }
}
