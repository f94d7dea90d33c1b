// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.uapi.Declarations;
import org.vfio4j.uapi.UapiTable;

/** How short a caller may make the argument of a command: the behaviour of Linux 7.2, which no header states. */
class MinimumSizeTest {
    @ParameterizedTest
    @CsvSource({
        // Structs that grew, or whose end the kernel does not read: the minimum is less than the size.
        "vfio_device_info, 16",
        "vfio_device_gfx_plane_info, 60",
        "vfio_device_ioeventfd, 28",
        "vfio_device_bind_iommufd, 16",
        "vfio_device_attach_iommufd_pt, 12",
        "vfio_device_detach_iommufd_pt, 8",
        "vfio_iommu_type1_info, 16",
        "vfio_iommu_spapr_tce_info, 16",
        "vfio_eeh_pe_op, 12",
        "iommu_hwpt_alloc, 24",
        "iommu_hw_info, 32",
        "iommu_viommu_alloc, 24",
        "iommu_veventq_alloc, 28"
    })
    void shouldAcceptOlderOrShorterStructs(String struct, int minimum) {
        assertThat(minimumOf(KernelStruct.named(struct)))
                .as("minimum of %s", struct)
                .isEqualTo(minimum);
    }

    @Test
    void shouldAskForTheWholeStructElsewhere() {
        var shorter = new TreeSet<String>();
        for (KernelStruct kernel : KernelStruct.all()) {
            if (isCommandArgument(kernel) && minimumOf(kernel) != kernel.sizeof()) {
                shorter.add(kernel.name());
            }
        }

        assertThat(shorter)
                .as("structs a caller may shorten")
                .containsExactlyInAnyOrder(
                        "vfio_device_info",
                        "vfio_device_gfx_plane_info",
                        "vfio_device_ioeventfd",
                        "vfio_device_bind_iommufd",
                        "vfio_device_attach_iommufd_pt",
                        "vfio_device_detach_iommufd_pt",
                        "vfio_iommu_type1_info",
                        "vfio_iommu_spapr_tce_info",
                        "vfio_eeh_pe_op",
                        "iommu_hwpt_alloc",
                        "iommu_hw_info",
                        "iommu_viommu_alloc",
                        "iommu_veventq_alloc");
    }

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldNameTheMinimumAfterTheFieldThatHoldsTheSize(KernelStruct kernel) {
        Map<String, Object> minimum = minima(kernel);

        if (isCommandArgument(kernel)) {
            String sizeField = kernel.fields().getFirst().constantName();
            assertThat(minimum).as("minimum of %s", kernel).containsOnlyKeys("MIN_" + sizeField);
        } else {
            assertThat(minimum).as("%s is no argument of a command", kernel).isEmpty();
        }
    }

    private static boolean isCommandArgument(KernelStruct kernel) {
        return UapiTable.rows("uapi-ioctls").stream()
                .anyMatch(row -> row.cell("arg_struct").equals(kernel.name()));
    }

    private static int minimumOf(KernelStruct kernel) {
        return (int) minima(kernel).values().iterator().next();
    }

    private static Map<String, Object> minima(KernelStruct kernel) {
        Map<String, Object> constants = new TreeMap<>(Declarations.constantsOf(List.of(kernel.javaClass())));
        constants.keySet().removeIf(name -> !name.startsWith("MIN_"));
        return constants;
    }
}
