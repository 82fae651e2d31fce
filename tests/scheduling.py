"""How tests put jobs to a scheduler around a fake translator."""

import asyncio

from service.jobs import Job


def job(*texts, **fields):
    return Job(texts, "en", "de", **fields)


def begin(scheduler, *texts, **fields):
    return asyncio.create_task(scheduler.translate(job(*texts, **fields)))


async def begun(translator):
    assert await asyncio.to_thread(translator.began.acquire, timeout=5)


async def until(is_so):
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.001)


def texts_of(results):
    return [translation.text for translations in results for translation in translations]
