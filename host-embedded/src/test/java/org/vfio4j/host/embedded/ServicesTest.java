// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ServicesTest {
    /** On the class path the files count, on the module path the descriptor: both have to say the same. */
    @Test
    void shouldDeclareServicesTwiceAlike() throws IOException {
        Set<ModuleDescriptor.Provides> provided;
        try (var descriptor = Files.newInputStream(Path.of("target/classes/module-info.class"))) {
            provided = ModuleDescriptor.read(descriptor).provides();
        }
        assertThat(provided).isNotEmpty();
        for (var service : provided) {
            var file = Path.of("src/main/resources/META-INF/services", service.service());
            assertThat(Files.readAllLines(file))
                    .as(service.service())
                    .containsExactlyInAnyOrderElementsOf(service.providers());
        }
        try (var files = Files.list(Path.of("src/main/resources/META-INF/services"))) {
            assertThat(files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()))
                    .isEqualTo(provided.stream()
                            .map(ModuleDescriptor.Provides::service)
                            .collect(Collectors.toSet()));
        }
    }
}
