import { installationRoot, keptFolder } from '#cli/installation.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from '#simulators/demo.test-support.ts'
import { openKeptSums } from '#simulators/kept-sums.ts'
import { makePlant } from '#simulators/plant.ts'
import { demoScenarioPath, readScenario } from '#simulators/scenario.ts'

/** Sums up the days of the demonstration park at installation, so that its first start need not. */
const park = readParkFile(demoParkPath)
const scenario = readScenario(demoScenarioPath).value
const kept = openKeptSums(keptFolder(installationRoot, 'sums'), scenario, (why) => {
  console.log(`The sums are not kept, so each start takes a second longer: ${String(why)}`)
})
const plant = makePlant(scenario, park, kept.daySums)
Array.from(plant.summing(Date.now()))
kept.keep()
console.log(`the sums of ${kept.daySums.lists.size} flows`)
