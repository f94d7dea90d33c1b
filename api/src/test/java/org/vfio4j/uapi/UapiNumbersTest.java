// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Every command and constant of the headers is declared, with the kernel's value, and nothing else is. */
class UapiNumbersTest {
    /** Without those of another header than the ones that the table is made from. */
    private static final List<Class<?>> CLASSES = Declarations.publicClassesBeside(VfioIoctl.class).stream()
            .filter(type -> !type.equals(FslMcIoctl.class))
            .toList();

    /** {@code _IOWR('R', 0xe0, struct fsl_mc_command)}. */
    @Test
    void shouldComposeTheCommandOfAManagementComplex() {
        int readAndWrite = 3 << 30;
        assertThat(FslMcIoctl.FSL_MC_SEND_MC_COMMAND)
                .isEqualTo(readAndWrite | FslMcIoctl.COMMAND_LENGTH << 16 | 'R' << 8 | 0xe0);
    }

    @Test
    void shouldDeclareExactlyTheKernelsNumbers() {
        Map<String, Object> kernel = new TreeMap<>(ioctlNumbers());
        kernel.putAll(constants());

        assertThat(new TreeMap<>(Declarations.constantsOf(CLASSES)))
                .as("public constants of the package, against the headers' ioctl numbers and constants")
                .isEqualTo(kernel);
    }

    @Test
    void shouldKeepCommandsInTheTwoCommandClasses() {
        assertThat(Declarations.constantsOf(List.of(VfioIoctl.class, IommufdIoctl.class)))
                .as("commands declared in VfioIoctl and IommufdIoctl")
                .containsAllEntriesOf(ioctlNumbers());
    }

    @Test
    void shouldComposeEveryIommufdCommandOfTypeAndNumber() {
        Map<String, Object> declared = Declarations.constantsOf(List.of(IommufdIoctl.class));

        // IOMMU_X is numbered by IOMMUFD_CMD_X.
        Map<String, Object> composed = new TreeMap<>();
        declared.forEach((name, number) -> {
            if (name.startsWith("IOMMUFD_CMD_") && !name.equals("IOMMUFD_CMD_BASE")) {
                composed.put(name.replace("IOMMUFD_CMD_", "IOMMU_"), (IommufdIoctl.IOMMUFD_TYPE << 8) | (int) number);
            }
        });
        Map<String, Object> commands = new TreeMap<>(declared);
        commands.keySet().removeIf(name -> !name.startsWith("IOMMU_"));
        assertThat(commands).as("commands, against type and number").isEqualTo(composed);
    }

    private static Map<String, Object> ioctlNumbers() {
        Map<String, Object> numbers = new HashMap<>();
        for (UapiTable.Row row : UapiTable.rows("uapi-ioctls")) {
            numbers.put(row.cell("name"), Integer.decode(row.cell("number_x86_64_arm64")));
        }
        return numbers;
    }

    private static Map<String, Object> constants() {
        Map<String, Object> constants = new HashMap<>();
        for (UapiTable.Row row : UapiTable.rows("uapi-constants")) {
            String value = row.cell("value_dec");
            constants.put(
                    row.cell("name"),
                    row.cell("kind").equals("define-string") ? value : (Object) Integer.valueOf(value));
        }
        return constants;
    }
}
